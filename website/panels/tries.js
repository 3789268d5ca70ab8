// Three panels that only compute: the batches of an epoch, a pile that is cut, and a walk downhill.
{
  const { h, svg, format, fixed, dial, button, buttons, enable, statusLine, plot, address } = lessons;
  const head = (title) => h("div", { class: "lessons-head" }, h("b", {}, title));
  const whole = (number) => +fixed(number); // as Python rounds

  // --------------------------------------------------- lesson 02: epoch, batch and iteration
  const PACE = 400; // ms an iteration

  lessons.panel("batches", (root, { title, stories, batch_size, counts, sizes, words }) => {
    const count = dial("stories", counts, stories);
    const size = dial("batch size", sizes, batch_size, { unit: "stories" });
    const { element: status, say } = statusLine();
    const [place, strip] = [h("div"), h("div")];
    const play = button("Play", () => (timer ? pause() : turn()), { primary: true });
    let [read, timer] = [null, 0]; // `read` is the slider of the iterations, new after each cut

    const iterations = () => Math.ceil(count.value / size.value);
    function cut() {
      pause();
      const numbers = Array.from({ length: iterations() + 1 }, (_, i) => i);
      read = dial("iteration", numbers, 0, { onchange: show });
      place.replaceChildren(read.element);
      show();
    }
    function pause() {
      clearTimeout(timer);
      timer = 0;
      play.textContent = "Play";
    }
    function turn() {
      if (read.value === iterations()) read.value = 0;
      read.value += 1;
      play.textContent = "Pause";
      if (read.value === iterations()) pause();
      else timer = setTimeout(turn, PACE);
    }
    function show() {
      const [n, b] = [count.value, size.value];
      const text = described(n, b, iterations(), read.value);
      say(text);
      strip.replaceChildren(drawn(n, b, iterations(), read.value, text));
    }
    function described(n, b, all, now) {
      const rest = n - (all - 1) * b;
      const done = Math.min(now * b, n);
      const make = format(words[all === 1 ? "one" : "many"], { iterations: all });
      const last = format(words[rest < b ? "rest" : "full"], { rest });
      return format(words.cut, { stories: n, size: b, make, last })
        + (now ? format(words.read, { read: now, done }) : "") + (now && done === n ? words.end : "");
    }
    function drawn(n, b, all, now, alt) {
      const box = (from, to, kind) => svg("path", { class: `lessons-${kind}`, d: Array.from(
        { length: to - from }, (_, i) => `M${(from + i) * b} 0H${Math.min((from + i + 1) * b, n)}v1H${(from + i) * b}z`).join("") });
      const full = Math.floor(n / b);
      const numbers = Array.from({ length: all }, (_, i) => i).filter((i) => b > n / 40 || i === all - 1)
        .map((i) => h("span", { class: i < now ? "lessons-read" : null,
          style: `left:${50 * (i * b + Math.min((i + 1) * b, n)) / n}%` }, i + 1));
      return h("div", { class: "lessons-strip", role: "img", "aria-label": alt },
        svg("svg", { viewBox: `0 0 ${n} 1`, preserveAspectRatio: "none" }, box(0, now, "read"),
          box(now, Math.max(full, now), "full"), box(Math.max(full, now), all, "rest")),
        h("div", {}, numbers));
    }
    root.append(head(title), count.element, size.element, place, buttons(play), strip, status);
    for (const one of [count, size]) one.listen(cut);
    cut();
    address(root, { stories: count, batch_size: size }, say);
  });

  // ------------------------------------------------------- lesson 01: the pile is shuffled and cut
  lessons.panel("split", async (root) => {
    const data = await lessons.recording("split");
    const { words, names, parts, sizes, percent } = data;
    const size = dial("stories", sizes, sizes.at(-1));
    const train = dial("training", percent, 80, { unit: "%" });
    const validation = dial("validation", percent, 10, { unit: "%" });
    const seed = dial("seed", data.seeds, data.seeds[0]);
    const box = h("input", { type: "checkbox", onchange: () => { stratified.value = box.checked; } });
    const stratified = lessons.control([true, false], true, (on) => { box.checked = on; });
    const { element: status, say } = statusLine();
    const view = h("div");

    // How many stories of each class are in each part.
    function cut() {
      const pile = [...data.piles[size.value][seed.value]];
      const [first, second] = [train.value / 100, validation.value / 100];
      const ends = (all) => [0, whole(all * first), whole(all * (first + second)), all];
      const tally = (labels) => names.map((_, i) => labels.filter((label) => +label === i).length);
      const pieces = (all) => parts.map((_, i) => all.slice(ends(all.length)[i], ends(all.length)[i + 1]));
      if (!stratified.value) return pieces(pile).map(tally);
      const classes = names.map((_, i) => pieces(pile.filter((label) => +label === i)));
      return parts.map((_, part) => classes.map((pieces) => pieces[part].length));
    }
    function show() {
      const asked = `${train.value} ${validation.value} ${stratified.value}`;
      if (train.value + validation.value >= 100) return say(words.nothing, true);
      if (data.refused[size.value][asked]) return say(data.refused[size.value][asked], true);
      const counts = cut();
      const totals = counts.map((part) => part.reduce((a, b) => a + b));
      const classes = `${counts[2].map((count, i) => `${count} ${names[i]}`).join(", ")}.`;
      const text = `${format(words.sizes, { train: totals[0], validation: totals[1], test: totals[2] })} `
        + format(words.classes, { classes });
      say(text);
      view.replaceChildren(h("div", { class: "lessons-pair", role: "img", "aria-label": text },
        bars(words.parts, parts.map((name, i) => [name, [[name, totals[i]]]]), (n) => n.toLocaleString("en-US")),
        bars(`${words[stratified.value ? "cut stratified" : "cut by chance"]}: ${words.share}`,
          names.map((name, c) => [name, parts.map((part, i) => [part, counts[i][c] / totals[i]])]),
          (share) => `${+(100 * share).toPrecision(3)}%`)));
    }
    // Groups of bars, each with its number above it: [[name, [[part, height], ...]], ...].
    function bars(title, groups, written) {
      const most = Math.max(...groups.flatMap(([, pillars]) => pillars.map((pillar) => pillar[1])));
      const pillar = ([part, value]) => h("span", {}, written(value),
        h("i", { class: `lessons-${part}`, style: `height:${130 * value / most}px` }));
      return h("figure", { class: "lessons-bars" }, h("figcaption", {}, title), groups.map(([name, pillars]) =>
        h("div", {}, h("div", {}, pillars.map(pillar)), name)));
    }
    const controls = { stories: size, training: train, validation, seed, stratified };
    root.append(head(words.title), h("div", { class: "lessons-body" },
      h("div", {}, size, train, validation, seed, h("label", { class: "lessons-check" }, box, words.stratified), status),
      h("div", {}, view, h("div", { class: "lessons-legend" },
        parts.map((part) => h("span", {}, h("i", { class: `lessons-${part}` }), part))))));
    for (const control of Object.values(controls)) control.listen(show);
    stratified.value = box.checked = true;
    show();
    address(root, controls, say);
  });

  // -------------------------------------------------------------- lesson 04: steps down the slope
  lessons.panel("rate", async (root) => {
    const { words, rates, start, hardly, leads, share, constant } = await lessons.recording("rate");
    const rate = dial("learning rate", rates, 1);
    const { element: status, say } = statusLine();
    const view = h("div");
    let path = [];

    const mean = (score) => leads.reduce((sum, lead) => sum + score(lead), 0) / leads.length;
    const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))); // log(1 + exp(z))
    const loss = (weight) => mean((lead) => softplus(lead + weight)) - share * weight + constant;
    const slope = (weight) => mean((lead) => 1 / (1 + Math.exp(-lead - weight))) - share;

    function reset() {
      path = [[start, loss(start)]];
      show(format(words.start, { weight: start, loss: loss(start) }));
    }
    function step() {
      const [before, was] = path.at(-1);
      const weight = before - rate.value * slope(before);
      path.push([weight, loss(weight)]);
      const now = loss(weight);
      const verdict = words[Math.abs(now - was) < hardly ? "hardly" : now > was ? "rose" : "fell"];
      show(format(words.step, { number: path.length - 1, slope: slope(before), weight, loss: now, verdict }));
    }
    function show(summary) {
      say(summary);
      const places = path.map(([weight]) => weight);
      const [low, high] = [Math.min(-4, ...places) - 0.5, Math.max(4, ...places) + 0.5];
      const curve = Array.from({ length: 101 }, (_, i) => low + (high - low) * i / 100)
        .map((weight) => [weight, loss(weight)]);
      view.replaceChildren(plot({ title: words.title, xlabel: words.weight, ylabel: "loss", xmin: low, xmax: high,
        ymax: 1.05 * Math.max(...curve.map((point) => point[1])), alt: format(words.valley, { summary }),
        series: [{ kind: "train", look: "smooth", name: words.loss, points: curve },
          { kind: "validation", name: words.steps, points: path },
          { kind: "best", name: words.now, points: path.slice(-1) }] }));
    }
    root.append(head(words.title), h("div", { class: "lessons-body" }, h("div", {}, rate,
      buttons(button("Step", step, { primary: true }), button("Back to the start", reset)), status), view));
    reset();
    address(root, { rate }, say);
  });
}
