"use strict"; // Lesson 09: a broken training beside its healthy twin, from recordings of both.
{
  const { h, format, percent, enable } = lessons;
  const PACE = 1600; // ms in which the epochs of a run appear

  // Losses that differ hugely take a scale on which each power of ten has the same height.
  function scaled(score, series, { most, words }) {
    if (!score.endsWith("loss")) return { ylabel: "accuracy", ymax: 1.04, written: percent };
    const losses = series.flatMap(({ points }) => points.map(([, loss]) => loss));
    const top = Math.max(0, ...losses.filter(Number.isFinite));
    if (top <= most) return { ylabel: "loss", ymax: 1.05 * top || 1.5 };
    const least = Math.floor(Math.log10(Math.min(...losses.filter((loss) => loss > 0))));
    for (const one of series) one.points = one.points.map(([x, y]) => [x, Math.log10(y) - least]);
    return { ylabel: words.powers, ymax: Math.log10(top) - least + 0.1,
      written: (power) => +(10 ** (power + least)).toPrecision(2) };
  }

  // Two scores of both runs, as far as they are `seen`, with stars at the epochs `kept`.
  function draw(drawing, [, thick, thin], data, names, seen, kept) {
    const series = seen.flatMap((run, i) => {
      const kind = ["train", "validation"][i];
      const points = (score) => run.map((epoch, e) => [e + 1, epoch[score]]);
      const lost = run.length && !run.some((epoch) => Number.isFinite(epoch[thick]));
      const name = lost ? format(data.words.lost, { name: names[i] }) : names[i];
      const star = points(thick).filter(([number]) => number === kept[i]);
      return [{ kind, name, points: points(thick) }, { kind, look: "thin", points: points(thin) },
        { kind: "best", look: `of-${kind}`, points: star }];
    });
    const xmax = Math.max(10, ...seen.map((run) => run.length)) + 0.5;
    lessons.plot(drawing, { xmax, series, ...scaled(thick, series, data) });
  }

  lessons.panel("break-it", ({ root, data, say, tally, bug, seed, mystery, run, stop, ask, copy,
    diagnosis, diagnose, reveal, view, table, rows, facts }) => {
    const { words, bugs } = data;
    const named = (name) => bugs.find((one) => one.name === name);
    const secretOf = (number) => bugs[data.secrets[number - 1]]; // of a mystery
    let names, runs, kept, shown; // runs are lists of epochs, of which so many of both are seen
    let wrong, last; // what is wrong with the second run, and with the last mystery
    let [met, solved, timer] = [0, 0, 0]; // mysteries, and what plays

    // Shows the code of the chosen bug, so that the reader can predict its curves.
    function choose() {
      mystery.value = "none";
      [names, runs, shown] = [["healthy", "broken"], [[], []], 0];
      end(words.predict, named(bug.value).code);
    }
    function begin(what, number = 0) { // the number of a mystery
      wrong = what;
      if (number) [last, met] = [wrong, met + 1];
      names = ["healthy", number ? "mystery" : "broken"];
      facts.innerHTML = number ? "" : wrong.code;
      enable(false, diagnose, reveal);
      const pair = wrong.runs[number % wrong.runs.length] // there are several if nothing is wrong
        .map((training, i) => data.runs[training][seed.value + i * wrong.apart]);
      kept = pair.map(([choices], i) => choices[wrong.choices[i]]);
      runs = pair.map(([, ...lists]) => lists[0].map((_, epoch) => Object.fromEntries(
        data.scores.map((score, i) => [score, lists[i][epoch] / 1000]))));
      shown = lessons.still() ? 2 * runs[0].length : 0;
      timer = setInterval(play, PACE / runs[0].length);
      play();
    }
    function play() {
      const epochs = runs[0].length;
      if (shown === 2 * epochs) return names[1] === "broken" ? tell("finished") : end(words.asked);
      const [who, number] = [names[+(shown >= epochs)], shown % epochs + 1];
      // Said three times a run: what is read aloud must not come too fast.
      if (shown % Math.ceil(epochs / 3) === 0) say(format(words.training, { who, number, epochs }));
      show();
      shown += 1;
    }
    const tell = (what) => end(format(words[what], wrong), wrong.facts);
    function end(text, told = facts.innerHTML) {
      timer = clearInterval(timer);
      facts.innerHTML = told;
      say(text);
      show();
      enable(text === words.asked, diagnose, reveal);
    }
    function show() {
      enable(!timer, run, ask);
      enable(timer, stop);
      if (met) tally.textContent = format(words.solved, { solved, met });
      const seen = runs.map((one, i) => one.slice(0, Math.max(0, shown - i * one.length)));
      const done = shown > 0 && shown === 2 * runs[0].length;
      const said = seen.flatMap((one, i) => one.slice(-1).map((epoch) =>
        format(words.run, { ...epoch, name: names[i], number: one.length })));
      view.ariaLabel = said.length ? [words.plots, ...said].join(" ") : words.empty;
      data.plots.forEach((one, i) =>
        draw(view.children[i], one, data, names, seen, done && kept));
      table.hidden = !done;
      if (done) rows.replaceChildren(...runs.map((one, i) => h("tr",
        h("th", { scope: "row" }, names[i]), h("td", String(kept[i])),
        data.cells.map((cell) => h("td", format(cell, one[kept[i] - 1]))))));
    }

    run.onclick = () => { mystery.value = "none"; begin(named(bug.value)); };
    stop.onclick = () => end(words.stopped);
    ask.onclick = () => {
      const others = mystery.values.slice(1).filter((number) => secretOf(number) !== last);
      mystery.value = others[Math.floor(Math.random() * others.length)];
    };
    mystery.listen((number) => { if (number !== "none") begin(secretOf(number), number); });
    diagnose.onclick = () => {
      const guess = named(diagnosis.value);
      if (guess !== wrong) return say(format(words.wrong, guess));
      solved += 1;
      tell("right");
    };
    reveal.onclick = () => tell("was");
    for (const one of [bug, seed]) one.listen(choose);
    choose();
    lessons.copier(copy, lessons.address(root, { bug, seed, mystery }, say), say);
  });
}
