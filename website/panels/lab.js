// The training lab of lessons 05 to 08. It plays runs that the library has made, and says of them
// what lessons.panels.training_lab and live_plot say: a test compares the two.
{
  const { h, fixed, percent, dial, choice, button, enable } = lessons;
  const PACE = 250; // ms an epoch
  const SLOW = 1000;

  // ------------------------------------------------------------- a history, and its words
  function unpacked({ stories }, [train, validation, trainRight, validationRight]) {
    return train.map((loss, i) => ({
      number: i + 1,
      train: { loss, accuracy: trainRight[i] / stories.train },
      validation: { loss: validation[i], accuracy: validationRight[i] / stories.validation },
    }));
  }

  function historyOf(data, { optimizer, batch_size, learning_rate }) {
    const { optimizers, batch_sizes: sizes, rates, runs } = data;
    const row = optimizers.indexOf(optimizer) * sizes.length + sizes.indexOf(batch_size);
    return unpacked(data, runs[row * rates.length + rates.indexOf(learning_rate)]);
  }

  const isFine = (epoch) => Number.isFinite(epoch.validation.loss);
  const best = (history) => history.filter(isFine).reduce(
    (a, b) => (b.validation.loss < a.validation.loss ? b : a), history.find(isFine));

  function describeLoss(name, { loss }) {
    const odd = Number.isNaN(loss) ? "NaN" : "infinite";
    return `${name} loss ${Number.isFinite(loss) ? fixed(loss, 2) : odd}`;
  }

  function describeEpoch(history) {
    const { number, validation } = history.at(-1);
    const right = percent(validation.accuracy);
    return `Epoch ${number}: ${describeLoss("validation", validation)}, ${right} right.`;
  }

  function judge(history) {
    if (!isFine(history.at(-1))) return "The learning rate is too high: choose a smaller one.";
    const top = best(history);
    return top === history.at(-1) ? "Best so far, saved." : `The best is epoch ${top.number}.`;
  }

  function describe(history, earlier) {
    const runs = earlier === 1 ? "1 earlier run is" : `${earlier} earlier runs are`;
    const others = earlier ? ` ${runs} drawn paler.` : "";
    if (!history.length) return `Two empty plots, loss and accuracy over the epochs.${others}`;
    const { number, train, validation } = history.at(-1);
    const top = best(history);
    return `Loss and accuracy over the epochs. After epoch ${number}: `
      + `${describeLoss("training", train)}, ${describeLoss("validation", validation)}; accuracy `
      + `${percent(train.accuracy)} in training, ${percent(validation.accuracy)} in validation.`
      + (top ? ` The best epoch is ${top.number}.` : "") + others;
  }

  const reached = ({ accuracy, epochs }, history) =>
    history.slice(0, epochs).find(({ validation }) => validation.accuracy > accuracy);

  // ------------------------------------------------------------------------- what is seen
  // The upper limit for the loss: 1.5, doubled until all losses fit: it seldom changes.
  function roundUp(history) {
    const losses = history.flatMap(({ train, validation }) => [train.loss, validation.loss]);
    let top = 1.5;
    while (losses.some((loss) => Number.isFinite(loss) && top < 1.08 * loss)) top *= 2;
    return top;
  }

  function curves(runs, epochs) {
    const earlier = runs.slice(0, -1);
    const { history = [] } = runs.at(-1) ?? {};
    const xmax = 0.5 + Math.max(epochs, ...runs.map((run) => run.history.length));
    const draw = (score, title, more) => {
      const line = (kind, name, of, part, note) => ({ kind, name, note,
        points: of.map((epoch) => [epoch.number, epoch[part][score]]) });
      const top = score === "loss" && best(history);
      const series = earlier.map((run, i) => line("earlier", i ? "" : "earlier runs: validation",
        run.history, "validation", String(i + 1)));
      series.push(line("train", "training", history, "train"),
        line("validation", "validation", history, "validation"),
        line("best", "best epoch", top ? [top] : [], "validation"));
      return lessons.plot({ title, xlabel: "epoch", xmax, series, ...more });
    };
    return lessons.image("plots", describe(history, earlier.length),
      draw("loss", "Loss: lower is better",
        { ylabel: "loss (cross-entropy)", ymax: roundUp(history) }),
      draw("accuracy", "Accuracy: higher is better",
        { ylabel: "accuracy", ymax: 1.02, written: percent, legend: false }));
  }

  function table(runs) {
    const heads = ["run", "epochs", "batch size", "optimizer", "learning rate", "stories",
      "best epoch", "validation loss", "validation accuracy"];
    const made = lessons.table("Runs", heads, runs.map(({ history, settings }, i) => {
      const { number, validation: { loss, accuracy } } = best(history) ?? { validation: {} };
      return [i + 1, `${history.length} of ${settings.epochs}`, settings.batch_size,
        settings.optimizer, settings.learning_rate, "mini-news",
        ...(number ? [number, fixed(loss, 2), percent(accuracy, 1)] : ["–", "–", "–"])];
    }));
    made.querySelector("tr:last-child").classList.add("lessons-now");
    return made;
  }

  // ------------------------------------------------------------------------------ the panel
  function controls({ begin, usual, optimizers, epochs, batch_sizes: sizes, rates }) {
    const optimizer = choice("optimizer", optimizers, begin.optimizer);
    const rate = dial("learning rate", rates, begin.learning_rate);
    let before = begin.optimizer;
    optimizer.listen((now) => { // the usual rate, unless someone has chosen another one
      if (rate.value === usual[before]) rate.value = usual[now];
      before = now;
    });
    return { optimizer, epochs: dial("epochs", epochs, begin.epochs),
      batch_size: dial("batch size", sizes, begin.batch_size, "stories"), learning_rate: rate };
  }

  lessons.panel("training-lab", async (root, { code, target }) => {
    const data = await lessons.recording("lab");
    const dials = controls(data);
    const runs = [];
    let timer = 0; // while a run is played
    const now = () => runs.at(-1);
    const done = () => now()?.history.length ?? 0;

    const { element: status, say } = lessons.statusLine();
    const slow = lessons.checkBox("slow motion: a second an epoch", false);
    const [note, goal] = [h("p", { role: "note" }), h("span")];
    const bar = h("progress", { "aria-label": "progress" });
    const [drawn, listed] = [h("div"), h("div")];
    const train = button("Train", begin, { primary: true });
    const halt = button("Stop", stop);
    const more = button("Continue", goOn);
    const again = button("Reset", reset);
    const copied = () => code.replace(/\{(\w+)\}/g, (all, name) => dials[name]?.value ?? all);

    function changed() {
      enable(!timer, train, again);
      enable(timer, halt);
      enable(!timer && now() && done() < dials.epochs.value, more);
      const { optimizer: { value: name }, learning_rate: rate } = dials;
      note.textContent = rate.value <= data.calm[name] ? "" : `${name} with a learning rate above `
        + `${data.calm[name]} is chaotic: another machine would draw another curve.`;
    }
    function show() {
      const { history = [], settings } = now() ?? {};
      drawn.replaceChildren(curves(runs, settings?.epochs ?? 10));
      listed.replaceChildren(...(runs.length ? [table(runs)] : []));
      bar.max = settings?.epochs ?? 1;
      bar.value = done();
      const at = target && reached(target, history);
      if (target) goal.replaceChildren(`${target.text}: `,
        h("b", at ? `✓ reached in epoch ${at.number}` : "not reached yet"));
      changed();
    }

    function begin() {
      const pairs = Object.entries(dials).map(([name, one]) => [name, one.value]);
      const settings = Object.fromEntries(pairs);
      runs.push({ settings, recorded: historyOf(data, settings), history: [] });
      if (runs.length > data.kept) runs.shift();
      play();
    }
    // One epoch more, and the next one after a while; all at once for those who want no motion.
    function play() {
      const { history, recorded, settings: { epochs } } = now();
      do history.push(recorded[done()]);
      while (done() < epochs && lessons.still() && !slow.value);
      timer = done() < epochs ? setTimeout(play, slow.value ? SLOW : PACE) : 0;
      say(`${timer ? "" : "Finished. "}${describeEpoch(history)} ${judge(history)}`);
      show();
    }
    function stop() {
      timer = clearTimeout(timer);
      say(`Stopped after ${done()} of ${now().settings.epochs} epochs. `
        + "Press Continue to go on from here.");
      show();
    }
    function goOn() {
      now().settings.epochs = dials.epochs.value;
      play();
    }
    function reset() {
      runs.length = 0;
      for (const [name, one] of Object.entries(dials)) one.value = data.begin[name];
      slow.value = false;
      say("All runs are forgotten. Press Train.");
      show();
    }

    root.append(lessons.head("Training lab", goal), h(".body", h("div",
      dials.epochs, dials.batch_size, dials.optimizer, dials.learning_rate, note, slow,
      lessons.buttons(train, halt, more, again, lessons.copier("Copy as code", copied, say),
        lessons.copier("Copy link", () => link(), say)), bar, status), drawn), listed,
    h("p", "It plays real runs on Mini-News, recorded. In JupyterLab you train yourself: on "
      + "AG News or stories of your own, at any learning rate, batch by batch."));
    say("Press Train.");
    show();
    const link = lessons.address(root, dials, say, changed);
  });
  lessons.lab = { unpacked, historyOf, describe, describeEpoch, judge, reached }; // for tests
}
