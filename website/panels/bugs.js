// Lesson 09: a broken training beside its healthy twin, and the mystery, from recordings of both.
{
  const { h, head, image, format, fixed, percent, button, enable, buttons } = lessons;
  const PACE = 1600; // ms in which the epochs of a run appear
  const NUMBERS = Array.from({ length: 999 }, (_, i) => i + 1); // of mysteries

  // A link to a mystery holds its number, from which nobody sees what is wrong.
  function mixed(number) {
    const once = Math.imul(number, 0x9e3779b1);
    return Math.imul(once ^ (once >>> 15), 0x85ebca6b) >>> 8;
  }

  // Losses that differ hugely take a scale on which each power of ten has the same height.
  function scaled(series, { most, words }) {
    const losses = series.flatMap(({ points }) => points.map((point) => point[1]));
    const top = Math.max(0, ...losses.filter(Number.isFinite));
    if (top <= most) return { ylabel: "loss", ymax: 1.05 * top || 1.5 };
    const least = Math.floor(Math.log10(Math.min(...losses.filter((loss) => loss > 0))));
    for (const one of series) one.points = one.points.map(([x, y]) => [x, Math.log10(y) - least]);
    return { ylabel: words.powers, ymax: Math.log10(top) - least + 0.1,
      written: (power) => +(10 ** (power + least)).toPrecision(2) };
  }

  // The three plots of both runs, as far as they are `seen`, with stars at the epochs `kept`.
  function drawn(data, names, seen, kept) {
    const { plots, words } = data;
    const said = seen.map((run, i) => run.length && format(words.run, { name: names[i],
      number: run.length, loss: `validation loss ${fixed(run.at(-1)["validation loss"], 2)}`,
      accuracies: format(words.accuracies, run.at(-1)) })).filter(Boolean);
    const alt = said.length ? [words.plots, ...said].join(" ") : format(words.empty, words);
    const xmax = Math.max(10, ...seen.map((run) => run.length)) + 0.5;
    const made = plots.map(([title, thick, thin]) => {
      const line = (i, score, more) => ({ kind: ["train", "validation"][i], ...more,
        points: seen[i].map((epoch, e) => [e + 1, epoch[score]]) });
      const series = [0, 1].flatMap((i) => {
        const lost = seen[i].length && !seen[i].some((epoch) => Number.isFinite(epoch[thick]));
        const name = lost ? format(words.lost, { name: names[i] }) : names[i];
        const bold = line(i, thick, { name });
        const star = { kind: "best", look: `of-${bold.kind}`,
          points: kept.length ? [bold.points[kept[i] - 1]] : [] };
        return [bold, line(i, thin, { look: "thin" }), star];
      });
      const scale = thick.endsWith("loss") ? scaled(series, data)
        : { ylabel: "accuracy", ymax: 1.04, written: (share) => percent(share) };
      return lessons.plot({ title, xlabel: "epoch", xmax, series, ...scale });
    });
    return image("plots.twins", alt, made);
  }

  function table({ words, scores }, names, runs, kept) {
    const write = (score, value) => (score.endsWith("loss") ? fixed(value, 2) : percent(value));
    return lessons.table(words.caption, words.heads, runs.map((run, i) =>
      [h("th", { scope: "row" }, names[i]), kept[i],
        ...scores.map((score) => write(score, run[kept[i] - 1][score]))]));
  }

  lessons.panel("break-it", async (root) => {
    const data = await lessons.recording("break_it");
    const { words, bugs, seeds, scores, runs } = data;
    const sound = bugs.at(-1); // nothing is wrong: the last diagnosis, and no bug
    const named = (name) => bugs.find((bug) => bug.name === name);
    const secretOf = (number) => bugs[mixed(number) % bugs.length];
    let now; // what is shown: names, runs, kept, how many epochs of both, and if more are to come
    let [secret, last, open, met, solved, timer] = [null, null, false, 0, 0, 0];

    const status = lessons.statusLine();
    const bug = lessons.choice("bug", bugs.slice(0, -1).map(({ name }) => name));
    const seed = lessons.dial("seed", seeds, seeds[0]);
    const mystery = lessons.control(["none", ...NUMBERS], "none", () => {});
    const run = button("Run", () => { mystery.value = "none"; begin(named(bug.value)); },
      { primary: true });
    const stop = button("Stop", () => { open = false; end(words.stopped); });
    const ask = button("Mystery", () => {
      const others = NUMBERS.filter((number) => secretOf(number) !== last);
      mystery.value = others[Math.floor(Math.random() * others.length)];
    });
    const guess = lessons.choice("diagnosis", bugs.map(({ name }) => name));
    const diagnose = button("Diagnose", () => answer(named(guess.value)));
    const reveal = button("Tell me", () => tell("was"));
    const [count, view, facts] = [h("span"), h("div"), h("div")];

    // Shows the code of the chosen bug, so that the reader can predict its curves.
    function choose() {
      [mystery.value, secret, open] = ["none", null, false];
      now = { names: ["healthy", "broken"], runs: [[], []], kept: [], shown: 0 };
      facts.innerHTML = named(bug.value).code;
      end(words.predict);
    }
    function begin(wrong, number) {
      [secret, open] = number ? [wrong, true] : [null, false];
      if (number) [last, met] = [wrong, met + 1];
      facts.innerHTML = number ? "" : wrong.code;
      const pair = twins(wrong, number);
      now = { bug: wrong, names: ["healthy", number ? "mystery" : "broken"],
        playing: true, shown: 0,
        kept: pair.map(([kept], i) => kept[wrong.choices[i]]),
        runs: pair.map(([, ...lists]) => lists[0].map((_, epoch) => Object.fromEntries(
          scores.map((score, i) => [score, lists[i][epoch] / 1000])))) };
      if (lessons.still()) now.shown = 2 * now.runs[0].length;
      clearTimeout(timer);
      play();
    }
    // Both runs of a bug. If nothing is wrong, they are healthy runs of a recipe, from two seeds.
    function twins(wrong, number) {
      const place = seeds.indexOf(seed.value);
      if (wrong !== sound) return wrong.runs.map((one) => runs[one][place]);
      const healthy = runs[bugs[mixed(number + 1000) % (bugs.length - 1)].runs[0]];
      return [healthy[place], healthy[seeds.length + place]];
    }
    function play() {
      const { shown, names, runs: [{ length: epochs }] } = now;
      if (shown === 2 * epochs) return secret ? end(words.asked) : tell("finished", now.bug);
      const where = { who: names[+(shown >= epochs)], number: shown % epochs + 1, epochs };
      // Said three times a run: what is read aloud must not come too fast.
      if (shown % Math.ceil(epochs / 3) === 0) status.say(format(words.training, where));
      show();
      now.shown++;
      timer = setTimeout(play, PACE / epochs);
    }
    function end(text) {
      clearTimeout(timer);
      now.playing = false;
      status.say(text);
      show();
    }

    function answer(chosen) {
      if (chosen !== secret) return status.say(format(words.wrong, chosen));
      solved += 1;
      tell("right");
    }
    function tell(what, wrong = secret) {
      open = false;
      facts.innerHTML = wrong.facts;
      const usual = format(words.usual, wrong);
      end(format(words[what], { ...wrong, usual }) + (wrong.chaotic ? ` ${words.chaotic}` : ""));
    }

    function show() {
      const { names, kept, shown, playing } = now;
      enable(!playing, run, ask);
      enable(playing, stop);
      enable(open && !playing, diagnose, reveal);
      const seen = now.runs.map((one, i) => one.slice(0, Math.max(0, shown - i * one.length)));
      const done = kept.length && seen[1].length === now.runs[1].length;
      if (met) count.textContent = format(words.solved, { solved, met });
      view.replaceChildren(drawn(data, names, seen, done ? kept : []),
        ...(done ? [table(data, names, seen, kept)] : []));
    }

    for (const one of [bug, seed]) one.listen(choose);
    mystery.listen((number) => { if (number !== "none") begin(secretOf(number), number); });
    root.append(head(words.title, count), h(".body",
      h("div", bug, seed,
        buttons(run, stop, ask, lessons.copier("Copy link", () => link(), status.say))),
      h("div", status, guess, buttons(diagnose, reveal))), view, facts, h("p", words.recorded));
    choose();
    const link = lessons.address(root, { bug, seed, mystery }, status.say);
  });
}
