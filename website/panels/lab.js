// The training lab of lessons 05 to 08. It plays runs that the library has made, and says of them
// what lessons.panels.training_lab and live_plot say: a test compares the two.
{
  const { h, fixed, percent, plot, dial, choice, button, enable, buttons } = lessons;
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
  function controls(data) {
    const { begin, usual } = data;
    const made = {
      optimizer: choice("optimizer", data.optimizers, begin.optimizer),
      epochs: dial("epochs", data.epochs, begin.epochs),
      batch_size: dial("batch size", data.batch_sizes, begin.batch_size, { unit: "stories" }),
      learning_rate: dial("learning rate", data.rates, begin.learning_rate),
    };
    let before = begin.optimizer;
    made.optimizer.listen((now) => { // the usual rate, unless someone has chosen another one
      if (made.learning_rate.value === usual[before]) made.learning_rate.value = usual[now];
      before = now;
    });
    return made;
  }

  function chaos(data, { optimizer, learning_rate }) {
    return learning_rate.value <= data.calm[optimizer.value] ? ""
      : `${optimizer.value} with a learning rate above ${data.calm[optimizer.value]} is chaotic: `
        + "another machine would draw another curve.";
  }

  async function lab(root, settings) {
    const data = await lessons.recording("lab");
    const dials = controls(data);
    const status = lessons.statusLine();
    const [goal, note] = [h("span"), h("p", { role: "note" })];
    const bar = h("progress", { "aria-label": "progress" });
    const slow = h("input", { type: "checkbox" });
    const drawn = h("div", { class: "lessons-plots" });
    const listed = h("div",
      { class: "lessons-table", tabindex: 0, role: "region", "aria-label": "Runs" });
    const runs = [];
    let timer = 0; // while a run is played
    const done = () => runs.at(-1)?.history.length ?? 0;

    function show() {
      drawn.replaceChildren(...curves(runs));
      listed.replaceChildren(...(runs.length ? [table(runs)] : []));
      listed.hidden = !runs.length;
      bar.max = runs.at(-1)?.settings.epochs ?? 1;
      bar.value = done();
      const at = settings.target && reached(settings.target, runs.at(-1)?.history ?? []);
      if (settings.target) goal.replaceChildren(`${settings.target.text}: `,
        h("b", {}, at ? `✓ reached in epoch ${at.number}` : "not reached yet"));
      able();
    }
    function able() {
      enable(train, !timer);
      enable(reset, !timer);
      enable(stop, timer);
      enable(goOn, !timer && runs.length && done() < dials.epochs.value);
    }
    function say(how) {
      const { history } = runs.at(-1);
      status.say(`${how}${describeEpoch(history)} ${judge(history)}`);
    }
    // One epoch more, and the next one after a while; all at once for those who want no motion.
    function play() {
      const run = runs.at(-1);
      do run.history.push(run.recorded[done()]);
      while (done() < run.settings.epochs && lessons.still() && !slow.checked);
      const more = done() < run.settings.epochs;
      timer = more ? setTimeout(play, slow.checked ? SLOW : PACE) : 0;
      say(more ? "" : "Finished. ");
      show();
    }

    const train = button("Train", () => {
      const pairs = Object.entries(dials).map(([name, one]) => [name, one.value]);
      const chosen = Object.fromEntries(pairs);
      runs.push({ settings: chosen, recorded: historyOf(data, chosen), history: [] });
      if (runs.length > data.kept) runs.shift();
      play();
    }, { primary: true });
    const stop = button("Stop", () => {
      clearTimeout(timer);
      timer = 0;
      status.say(`Stopped after ${done()} of ${runs.at(-1).settings.epochs} epochs. `
        + "Press Continue to go on from here.");
      show();
    });
    const goOn = button("Continue", () => {
      runs.at(-1).settings.epochs = dials.epochs.value;
      play();
    });
    const reset = button("Reset", () => {
      runs.length = 0;
      for (const [name, one] of Object.entries(dials)) one.value = data.begin[name];
      slow.checked = false;
      status.say("All runs are forgotten. Press Train.");
      show();
    });
    const code = () =>
      settings.code.replace(/\{(\w+)\}/g, (all, name) => dials[name]?.value ?? all);

    status.say("Press Train.");
    const warn = () => { note.textContent = chaos(data, dials); };
    for (const one of Object.values(dials)) one.listen(() => { able(); warn(); });
    const link = lessons.address(root, dials, status.say);
    const { optimizer, epochs, batch_size: size, learning_rate: rate } = dials;
    root.append(
      h("div", { class: "lessons-head" }, h("b", {}, "Training lab"), goal),
      h("div", { class: "lessons-body" },
        h("div", {}, epochs, size, optimizer, rate, note,
          h("label", { class: "lessons-check" }, slow, "slow motion: a second an epoch"),
          buttons(train, stop, goOn, reset, lessons.copier("Copy as code", code, status.say),
            lessons.copier("Copy link", link, status.say)),
          bar, status),
        drawn),
      listed,
      h("p", {}, "It plays real runs on Mini-News, recorded. In JupyterLab you train yourself: on "
        + "AG News or stories of your own, at any learning rate, batch by batch."));
    show();
    warn();
  }

  lessons.panel("training-lab", lab);
  lessons.lab = { unpacked, historyOf, describe, describeEpoch, judge, reached }; // for tests
}
