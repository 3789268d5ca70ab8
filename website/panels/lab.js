// The training lab of lessons 05 to 08. It plays runs that the library has made, and says of them
// what lessons.panels.training_lab and live_plot say: a test compares the two.
{
  const { h, fixed, percent, plot, dial, choice, button, enable } = lessons;
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
    const place = (list, value) => data[list].indexOf(value);
    const row = place("optimizers", optimizer) * data.batch_sizes.length
      + place("batch_sizes", batch_size);
    return unpacked(data, data.runs[row * data.rates.length + place("rates", learning_rate)]);
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

  function reached({ accuracy, epochs }, history) {
    return history.find((epoch) => epoch.number <= epochs && epoch.validation.accuracy > accuracy);
  }

  // The upper limit for the loss: 1.5, doubled until all losses fit: it seldom changes.
  function roundUp(history) {
    const losses = history.flatMap(({ train, validation }) => [train.loss, validation.loss]);
    const most = Math.max(0, ...losses.filter(Number.isFinite));
    let top = 1.5;
    while (top < 1.08 * most) top *= 2;
    return top;
  }

  // ------------------------------------------------------------------------- what is seen
  function curves(runs) {
    const earlier = runs.slice(0, -1);
    const { history = [], settings = { epochs: 10 } } = runs.at(-1) ?? {};
    const alt = describe(history, earlier.length);
    const xmax = 0.5 + Math.max(settings.epochs, ...runs.map((run) => run.history.length));
    const draw = (score, more) => {
      const line = (kind, name, of, part, note) => ({ kind, name, note,
        points: of.map((epoch) => [epoch.number, epoch[part][score]]) });
      const series = earlier.map((run, i) => line("earlier",
        i ? "" : "earlier runs: validation", run.history, "validation", String(i + 1)));
      series.push(line("train", "training", history, "train"));
      series.push(line("validation", "validation", history, "validation"));
      const top = score === "loss" && best(history);
      if (score === "loss") series.push(line("best", "best epoch", top ? [top] : [], "validation"));
      return plot({ alt, xmax, series, xlabel: "epoch", ...more });
    };
    const loss = draw("loss",
      { title: "Loss: lower is better", ylabel: "loss (cross-entropy)", ymax: roundUp(history) });
    const accuracy = draw("accuracy", { title: "Accuracy: higher is better", ylabel: "accuracy",
      ymax: 1.02, written: percent, legend: false });
    accuracy.setAttribute("aria-hidden", "true"); // the text of the other one is for both
    return [loss, accuracy];
  }

  function table(runs) {
    const heads = ["run", "epochs", "batch size", "optimizer", "learning rate", "stories",
      "best epoch", "validation loss", "validation accuracy"];
    const rows = runs.map(({ history, settings }, i) => {
      const top = best(history);
      const cells = [i + 1, `${history.length} of ${settings.epochs}`, settings.batch_size,
        settings.optimizer, settings.learning_rate, "mini-news"];
      cells.push(...(top ? [top.number, fixed(top.validation.loss, 2),
        percent(top.validation.accuracy, 1)] : ["–", "–", "–"]));
      return h("tr", { class: i === runs.length - 1 ? "lessons-now" : null },
        cells.map((cell) => h("td", {}, String(cell))));
    });
    return h("table", {}, h("caption", {}, "Runs"),
      h("tr", {}, heads.map((name) => h("th", { scope: "col" }, name))), rows);
  }

  // ------------------------------------------------------------------------------ the panel
  async function build(root, settings) {
    const data = await lessons.recording("lab");
    const lab = {
      data, settings, dials: controls(data), status: lessons.statusLine(),
      runs: [], timer: 0, // while a run is played
      slow: h("input", { type: "checkbox" }), note: h("p", { role: "note" }), goal: h("span"),
      bar: h("progress", { "aria-label": "progress" }), drawn: h("div", { class: "lessons-plots" }),
      listed: h("div",
        { class: "lessons-table", tabindex: 0, role: "region", "aria-label": "Runs" }),
      get run() { return this.runs.at(-1); },
      get done() { return this.run?.history.length ?? 0; },
    };
    lab.buttons = makeButtons(lab);
    lab.status.say("Press Train.");
    const changed = () => { able(lab); lab.note.textContent = chaos(lab); };
    for (const one of Object.values(lab.dials)) one.listen(changed);
    arrange(root, lab, lessons.address(root, lab.dials, lab.status.say));
    show(lab);
    changed();
  }

  function controls({ begin, usual, optimizers, epochs, batch_sizes: sizes, rates }) {
    const made = {
      optimizer: choice("optimizer", optimizers, begin.optimizer),
      epochs: dial("epochs", epochs, begin.epochs),
      batch_size: dial("batch size", sizes, begin.batch_size, { unit: "stories" }),
      learning_rate: dial("learning rate", rates, begin.learning_rate),
    };
    let before = begin.optimizer;
    made.optimizer.listen((now) => { // the usual rate, unless someone has chosen another one
      if (made.learning_rate.value === usual[before]) made.learning_rate.value = usual[now];
      before = now;
    });
    return made;
  }

  function makeButtons(lab) {
    return {
      train: button("Train", () => train(lab), { primary: true }),
      stop: button("Stop", () => stop(lab)),
      goOn: button("Continue", () => {
        lab.run.settings.epochs = lab.dials.epochs.value;
        play(lab);
      }),
      reset: button("Reset", () => reset(lab)),
    };
  }

  function arrange(root, lab, link) {
    const { dials, status, note, slow, bar, drawn, goal, listed } = lab;
    const code = () =>
      lab.settings.code.replace(/\{(\w+)\}/g, (all, name) => dials[name]?.value ?? all);
    const left = h("div", {},
      dials.epochs, dials.batch_size, dials.optimizer, dials.learning_rate, note,
      h("label", { class: "lessons-check" }, slow, "slow motion: a second an epoch"),
      lessons.buttons(...Object.values(lab.buttons),
        lessons.copier("Copy as code", code, status.say),
        lessons.copier("Copy link", link, status.say)),
      bar, status);
    root.append(
      h("div", { class: "lessons-head" }, h("b", {}, "Training lab"), goal),
      h("div", { class: "lessons-body" }, left, drawn), listed,
      h("p", {}, "It plays real runs on Mini-News, recorded. In JupyterLab you train yourself: on "
        + "AG News or stories of your own, at any learning rate, batch by batch."));
  }

  function show(lab) {
    const { runs, run, goal, bar, drawn, listed, settings: { target } } = lab;
    drawn.replaceChildren(...curves(runs));
    listed.replaceChildren(...(run ? [table(runs)] : []));
    listed.hidden = !run;
    bar.max = run?.settings.epochs ?? 1;
    bar.value = lab.done;
    const at = target && reached(target, run?.history ?? []);
    if (target) goal.replaceChildren(`${target.text}: `,
      h("b", {}, at ? `✓ reached in epoch ${at.number}` : "not reached yet"));
    able(lab);
  }

  function able({ buttons, timer, run, done, dials }) {
    for (const one of [buttons.train, buttons.reset]) enable(one, !timer);
    enable(buttons.stop, timer);
    enable(buttons.goOn, !timer && run && done < dials.epochs.value);
  }

  function chaos({ data, dials: { optimizer: { value: name }, learning_rate: rate } }) {
    return rate.value <= data.calm[name] ? "" : `${name} with a learning rate above `
      + `${data.calm[name]} is chaotic: another machine would draw another curve.`;
  }

  // ---------------------------------------------------------------------------- the buttons
  function train(lab) {
    const pairs = Object.entries(lab.dials).map(([name, one]) => [name, one.value]);
    const settings = Object.fromEntries(pairs);
    lab.runs.push({ settings, recorded: historyOf(lab.data, settings), history: [] });
    if (lab.runs.length > lab.data.kept) lab.runs.shift();
    play(lab);
  }

  // One epoch more, and the next one after a while; all at once for those who want no motion.
  function play(lab) {
    const { history, recorded, settings: { epochs } } = lab.run;
    do history.push(recorded[lab.done]);
    while (lab.done < epochs && lessons.still() && !lab.slow.checked);
    const more = lab.done < epochs;
    lab.timer = more ? setTimeout(play, lab.slow.checked ? SLOW : PACE, lab) : 0;
    lab.status.say(`${more ? "" : "Finished. "}${describeEpoch(history)} ${judge(history)}`);
    show(lab);
  }

  function stop(lab) {
    clearTimeout(lab.timer);
    lab.timer = 0;
    lab.status.say(`Stopped after ${lab.done} of ${lab.run.settings.epochs} epochs. `
      + "Press Continue to go on from here.");
    show(lab);
  }

  function reset(lab) {
    lab.runs.length = 0;
    for (const [name, one] of Object.entries(lab.dials)) one.value = lab.data.begin[name];
    lab.slow.checked = false;
    lab.status.say("All runs are forgotten. Press Train.");
    show(lab);
  }

  lessons.panel("training-lab", build);
  lessons.lab = { unpacked, historyOf, describe, describeEpoch, judge, reached }; // for tests
}
