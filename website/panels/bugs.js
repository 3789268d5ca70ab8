// Lesson 09: a broken training beside its healthy twin, and the mystery, from recordings of both.
{
  const { h, control, format, fixed, percent, dial, choice, button, enable, buttons, statusLine,
    copier, plot, address, still } = lessons;
  const PACE = 1600; // ms in which the epochs of a run appear
  const MYSTERIES = Array.from({ length: 999 }, (_, i) => i + 1);

  // The link to a mystery holds its number, and nobody sees in a number what is wrong.
  function mixed(number) {
    const once = Math.imul(number, 0x9e3779b1);
    return Math.imul(once ^ (once >>> 15), 0x85ebca6b) >>> 8;
  }

  lessons.panel("break-it", async (root) => {
    const { words, plots, most, bugs, seeds, scores, runs } = await lessons.recording("break_it");
    const sound = bugs.at(-1); // nothing is wrong: the last diagnosis, and no bug
    const named = (name) => bugs.find((bug) => bug.name === name);
    const secretOf = (number) => bugs[mixed(number) % bugs.length];
    let now = null; // what is shown: { bug, kind, runs, shown, of }; `shown` counts epochs of both
    let [secret, last, open, met, solved, timer] = [null, null, false, 0, 0, 0];

    // ------------------------------------------------------------------------------ the controls
    const { element: status, say } = statusLine();
    const bug = choice("bug", bugs.slice(0, -1).map(({ name }) => name));
    const seed = dial("seed", seeds, seeds[0]);
    const mystery = control(["none", ...MYSTERIES], "none", () => {});
    const guess = choice("diagnosis", bugs.map(({ name }) => name));
    const run = button("Run", () => { mystery.value = "none"; begin(named(bug.value)); },
      { primary: true });
    const stop = button("Stop", () => { open = false; end(words.stopped); });
    const ask = button("Mystery", () => {
      const others = MYSTERIES.filter((number) => secretOf(number) !== last);
      mystery.value = others[Math.floor(Math.random() * others.length)];
    });
    const diagnose = button("Diagnose", () => answer(named(guess.value)));
    const reveal = button("Tell me", () => { open = false; tell("was", secret); });
    const count = h("span");
    const [view, facts] = [h("div"), h("div")];
    for (const one of [bug, seed]) one.listen(() => { mystery.value = "none"; choose(); });
    mystery.listen((number) => { if (number !== "none") begin(secretOf(number), number); });

    // ---------------------------------------------------------------------------------- the runs
    function choose() {
      clearTimeout(timer);
      [now, secret, open] = [null, null, false];
      facts.innerHTML = named(bug.value).code;
      show(words.predict);
    }
    function begin(wrong, number) {
      clearTimeout(timer);
      [secret, open] = number ? [wrong, true] : [null, false];
      if (number) [last, met] = [wrong, met + 1];
      facts.innerHTML = number ? "" : wrong.code;
      const pair = twins(wrong, number).map((scores, i) => ({ scores, kept: scores[0][wrong.choices[i]] }));
      now = { bug: wrong, runs: pair, of: pair[0].scores[1].length, shown: 0, playing: true };
      if (still()) now.shown = 2 * now.of;
      play();
    }
    // Both runs of a bug. If nothing is wrong, they are healthy runs of a recipe, from two seeds.
    function twins(wrong, number) {
      const place = seeds.indexOf(seed.value);
      if (wrong !== sound) return wrong.runs.map((one) => runs[one][place]);
      const healthy = runs[bugs[mixed(number + 1e6) % (bugs.length - 1)].runs[0]];
      return [healthy[place], healthy[seeds.length + place]];
    }
    function play() {
      const { shown, of } = now;
      if (shown === 2 * of) {
        if (secret) return end(words.asked);
        facts.innerHTML = now.bug.facts;
        return end(told("finished", now.bug));
      }
      const who = shown < of ? "healthy" : kind();
      const often = shown % Math.ceil(of / 3) === 0; // what is read aloud must not come too fast
      show(often && format(words.training, { who, number: shown % of + 1, epochs: of }));
      now.shown++;
      timer = setTimeout(play, PACE / of);
    }
    function end(text) {
      clearTimeout(timer);
      now.playing = false;
      show(text);
    }

    // ------------------------------------------------------------------------------- the diagnosis
    function answer(chosen) {
      if (chosen !== secret) return say(told("wrong", chosen));
      solved += open;
      open = false;
      tell("right", secret);
    }
    function tell(what, wrong) {
      facts.innerHTML = wrong.facts;
      show(told(what, wrong));
    }
    function told(what, wrong) {
      const chaotic = wrong.chaotic && what !== "wrong" ? ` ${words.chaotic}` : "";
      return format(words[what], { ...wrong, usual: format(words.usual, wrong) }) + chaotic;
    }

    // ------------------------------------------------------------------------------- what is seen
    const kind = () => (secret ? "mystery" : "broken");
    const value = (one, score, epoch) => one.scores[1 + scores.indexOf(score)][epoch - 1] / 1000;
    const epochs = (i) => (now ? Math.min(Math.max(now.shown - i * now.of, 0), now.of) : 0);
    function show(text) {
      if (text) say(text);
      const playing = Boolean(now?.playing);
      for (const one of [run, ask]) enable(one, !playing);
      enable(stop, playing);
      for (const one of [diagnose, reveal]) enable(one, open && !playing);
      count.textContent = met && !open ? format(words.solved, { solved, met }) : count.textContent;
      const done = now && now.shown === 2 * now.of;
      view.replaceChildren(h("div", { class: "lessons-plots", role: "img", "aria-label": described() },
        plots.map(([title, thick, thin, score]) => drawn(title, thick, thin, score, done))),
        ...(done ? [table()] : []));
    }
    function drawn(title, thick, thin, score, done) {
      const names = ["healthy", kind()];
      const points = (i, part) => Array.from({ length: epochs(i) }, (_, e) =>
        [e + 1, value(now.runs[i], `${part} ${score}`, e + 1)]);
      const series = [0, 1].flatMap((i) => {
        const lost = score === "loss" && epochs(i) && !points(i, thick).some((p) => Number.isFinite(p[1]));
        const style = ["train", "validation"][i];
        const star = done ? [{ kind: "best", points: [points(i, thick)[now.runs[i].kept - 1]] }] : [];
        return [{ kind: style, name: lost ? format(words.lost, { name: names[i] }) : names[i],
          points: points(i, thick) }, { kind: style, look: "thin", points: points(i, thin) }, ...star];
      });
      const frame = { title, xlabel: "epoch", xmax: Math.max(10, now?.of ?? 0) + 0.5, series };
      if (score === "accuracy") return plot({ ...frame, ylabel: "accuracy", ymax: 1.04, written: percent });
      return plot({ ...frame, ...scaled(series) });
    }
    // Losses that differ hugely take a scale on which each mark is ten times the one below.
    function scaled(series) {
      const losses = series.flatMap(({ points }) => points.map((p) => p[1])).filter(Number.isFinite);
      const top = Math.max(0, ...losses);
      if (top <= most) return { ylabel: "loss", ymax: losses.length ? 1.05 * top : 1.5 };
      const least = Math.floor(Math.log10(Math.min(...losses.filter((loss) => loss > 0))));
      for (const one of series) one.points = one.points.map(([x, y]) => [x, Math.log10(y) - least]);
      return { ylabel: words.powers, ymax: Math.log10(top) - least + 0.1,
        written: (power) => Number.isInteger(power) ? +(10 ** (power + least)).toPrecision(1) : "" };
    }
    // The drawing in words and numbers, and the epochs that were kept as a table.
    function described() {
      const said = [0, 1].filter(epochs).map((i) => {
        const at = (score) => value(now.runs[i], score, epochs(i));
        const loss = at("validation loss");
        const accuracies = Object.fromEntries(["train", "validation", "test", "new"]
          .map((part) => [part, at(`${part} accuracy`)]));
        return format(words.run, { name: ["healthy", kind()][i], number: epochs(i),
          loss: `validation loss ${Number.isFinite(loss) ? fixed(loss, 2) : loss > 0 ? "infinite" : "NaN"}`,
          accuracies: format(words.accuracies, accuracies) });
      });
      return said.length ? [words.plots, ...said].join(" ") : format(words.empty, { plots: words.plots });
    }
    function table() {
      const row = (one, i) => h("tr", {}, h("th", { scope: "row" }, ["healthy", kind()][i]),
        h("td", {}, one.kept), scores.map((score) => h("td", {}, (score.endsWith("loss")
          ? (x) => fixed(x, 2) : percent)(value(one, score, one.kept)))));
      return h("div", { class: "lessons-table", tabindex: 0, role: "region", "aria-label": words.caption },
        h("table", {}, h("caption", {}, words.caption),
          h("tr", {}, words.heads.map((head) => h("th", { scope: "col" }, head))), now.runs.map(row)));
    }

    root.append(h("div", { class: "lessons-head" }, h("b", {}, words.title), count),
      h("div", { class: "lessons-body" }, h("div", {}, bug, seed, buttons(run, stop, ask)),
        h("div", {}, status, guess, buttons(diagnose, reveal))),
      view, facts, h("p", { class: "lessons-note" }, words.recorded));
    choose();
    const link = address(root, { bug, seed, mystery }, say);
    root.append(copier("Copy link", link, say).element);
  });
}
