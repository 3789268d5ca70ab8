"use strict"; // The training lab of lessons 05 to 08: it plays runs that the library has made.
{
  const { h, fixed, percent, format, enable } = lessons;
  const [PACE, SLOW] = [250, 1000]; // ms an epoch

  // Epochs: losses in training and validation, and the accuracies `train` and `validation`.
  const unpacked = ({ stories }, [trainLosses, losses, trainRight, right]) =>
    losses.map((loss, i) => ({ number: i + 1, trainLoss: trainLosses[i], loss,
      train: trainRight[i] / stories.train, validation: right[i] / stories.validation }));
  const best = (history) => history.filter(({ loss }) => Number.isFinite(loss))
    .reduce((a, b) => (a?.loss <= b.loss ? a : b), undefined);
  const reached = ({ accuracy, epochs }, history) =>
    history.slice(0, epochs).find(({ validation }) => validation > accuracy);

  const inWords = (name, loss) => `${name} loss ${Number.isFinite(loss) ? fixed(loss, 2)
    : Number.isNaN(loss) ? "NaN" : "infinite"}`;

  function summarize(words, history) {
    const [now, top] = [history.at(-1), best(history)];
    const verdict = top === now ? "saved" : Number.isFinite(now.loss) ? "earlier" : "too high";
    const facts = { ...now, loss: inWords("validation", now.loss), about: "" };
    return `${format(words.epoch, facts)} ${format(words[verdict], top)}`;
  }
  function describe(words, history, earlier) {
    const more = earlier ? format(words[earlier === 1 ? "one" : "many"], { earlier }) : "";
    if (!history.length) return format(words.empty, { more });
    const [now, top] = [history.at(-1), best(history)];
    const losses = `${inWords("training", now.trainLoss)}, ${inWords("validation", now.loss)}`;
    return format(words.curves, { ...now, losses, best: top ? format(words.best, top) : "", more });
  }

  function drawCurves(drawings, { history, settings }, earlier) {
    const xmax = 0.5 + Math.max(settings.epochs, ...earlier.map((run) => run.history.length));
    const losses = history.flatMap(({ trainLoss, loss }) => [trainLoss, loss]);
    const most = 1.08 * Math.max(1, ...losses.filter(Number.isFinite));
    const ymax = 1.5 * 2 ** Math.ceil(Math.log2(most / 1.5)); // doubled until all fit: seldom
    const line = (kind, name, of, score, note) =>
      ({ kind, name, note, points: of.map((epoch) => [epoch.number, epoch[score]]) });
    const draw = (drawing, train, validation, kept, how) => lessons.plot(drawing, { ...how, xmax,
      series: [...earlier.map((run, i) => line("earlier", i ? "" : "earlier runs: validation",
        run.history, validation, String(i + 1))),
      line("train", "training", history, train),
      line("validation", "validation", history, validation),
      line("best", "best epoch", kept, validation)] });
    const kept = history.filter((epoch) => epoch === best(history));
    draw(drawings[0], "trainLoss", "loss", kept, { ymax });
    draw(drawings[1], "train", "validation", [], { ymax: 1.02, written: percent });
  }
  function row({ history, settings }, i, runs) {
    const { number, loss, validation } = best(history) ?? {};
    const cells = [i + 1, `${history.length} of ${settings.epochs}`, settings.batch_size,
      settings.optimizer, settings.learning_rate, "mini-news",
      ...(number ? [number, fixed(loss, 2), percent(validation, 1)] : ["–", "–", "–"])];
    return h(i === runs.length - 1 ? "tr.now" : "tr", cells.map((text) => h("td", text)));
  }

  lessons.panel("training-lab", ({ root, data, settings, say, goal, epochs, size, optimizer, rate,
    note, slow, train, stop, go_on, reset, copy_code, copy_link, bar, plots, table, rows }) => {
    const { words, begin, usual, calm } = data;
    const { code, target } = settings;
    const dials = { optimizer, epochs, batch_size: size, learning_rate: rate };
    const chosen = () => Object.fromEntries(Object.keys(dials).map((k) => [k, dials[k].value]));
    const runs = [];
    let timer = 0; // while a run is played
    const now = () => runs.at(-1) ?? { settings: begin, history: [] };
    const done = () => now().history.length;

    optimizer.listen((name) => { // the usual rate, unless someone has chosen another one
      if (Object.values(usual).includes(rate.value)) rate.value = usual[name];
    });
    function changed() {
      enable(!timer, train, reset);
      enable(timer, stop);
      enable(!timer && done() && done() < epochs.value, go_on);
      const facts = { optimizer: optimizer.value, calm: calm[optimizer.value] };
      note.textContent = rate.value > facts.calm ? format(words.chaotic, facts) : "";
    }
    function show(text) {
      say(text);
      const [run, earlier] = [now(), runs.slice(0, -1)];
      plots.ariaLabel = describe(words, run.history, earlier.length);
      drawCurves(plots.children, run, earlier);
      table.hidden = !runs.length;
      rows.replaceChildren(...runs.map(row));
      [bar.max, bar.value] = [run.settings.epochs, done()];
      const at = target && reached(target, run.history);
      if (target) goal.textContent = format(words[at ? "reached" : "not reached"], at);
      changed();
    }

    train.onclick = () => {
      const recorded = [optimizer, size, rate].reduce((place, { values, value }) =>
        place * values.length + values.indexOf(value), 0);
      runs.push({ settings: chosen(), all: unpacked(data, data.runs[recorded]), history: [] });
      if (runs.length > data.kept) runs.shift();
      play();
    };
    // One epoch more, and the next one after a while; all at once for those who want no motion.
    function play() {
      const { all, history, settings: { epochs: last } } = now();
      do history.push(all[done()]);
      while (done() < last && lessons.still() && !slow.value);
      timer = done() < last ? setTimeout(play, slow.value ? SLOW : PACE) : 0;
      show((timer ? "" : words.finished) + summarize(words, history));
    }
    stop.onclick = () => {
      timer = clearTimeout(timer);
      show(format(words.stopped, { done: done(), ...now().settings, how: words.how }));
    };
    go_on.onclick = () => {
      now().settings.epochs = epochs.value;
      play();
    };
    reset.onclick = () => {
      runs.length = 0;
      for (const [name, one] of Object.entries(dials)) one.value = begin[name];
      slow.value = false;
      show(words.forgotten);
    };
    show(words.ready);
    lessons.copier(copy_link, lessons.address(root, dials, say, changed), say);
    lessons.copier(copy_code, () => format(code, chosen()), say);
  });
  lessons.lab = { unpacked, describe, summarize, reached }; // for tests
}
