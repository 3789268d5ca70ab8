// Three panels that compute what they show: a pile that is cut, batches, and a walk downhill.
{
  const { h, svg, head, image, format, fixed, dial, button, buttons, address } = lessons;
  const count = (most) => Array.from({ length: most }, (_, i) => i); // 0, 1, ...

  // --------------------------------------------------------------- lesson 01: the pile is cut
  // How many stories of each class are in each part, for a pile of labels and three shares.
  function cut(pile, classes, shares, stratified) {
    const pieces = (labels) => { // rounded as Python does
      const ends = [0, +fixed(labels.length * shares[0]),
        +fixed(labels.length * (shares[0] + shares[1])), labels.length];
      return count(3).map((part) => labels.slice(ends[part], ends[part + 1]));
    };
    const only = (labels, kind) => labels.filter((label) => label === String(kind));
    if (!stratified) return pieces(pile).map((part) => classes.map((_, c) => only(part, c).length));
    const each = classes.map((_, c) => pieces(only(pile, c)));
    return count(3).map((part) => each.map((piece) => piece[part].length));
  }

  // Groups of bars, each with its number above it: [[name, [[part, height], ...]], ...].
  function bars(title, groups, written) {
    const most = Math.max(...groups.flatMap(([, pillars]) => pillars.map((pillar) => pillar[1])));
    const pillar = ([part, value]) => h("span", written(value),
      h(`i.${part}`, { style: `height: ${(130 * value) / most}px` }));
    return h("figure.bars", h("figcaption", title), h("div",
      groups.map(([name, pillars]) => h("div", h("p", pillars.map(pillar)), name))));
  }

  lessons.panel("split", async (root) => {
    const data = await lessons.recording("split");
    const { words, names, parts, percent } = data;
    const controls = {
      stories: dial("stories", data.sizes, data.sizes.at(-1)),
      training: dial("training", percent, 80, "%"),
      validation: dial("validation", percent, 10, "%"),
      seed: dial("seed", data.seeds, data.seeds[0]),
      stratified: lessons.checkBox(words.stratified, true),
    };
    const { element: status, say } = lessons.statusLine();
    const view = image("pair", "");

    function show() {
      const [stories, train, validation, seed, stratified] =
        Object.values(controls).map((one) => one.value);
      const refused = data.refused[stories][`${train} ${validation} ${stratified}`];
      if (train + validation >= 100) return say(words.nothing, true);
      if (refused) return say(refused, true);
      const pile = [...data.piles[stories][seed]];
      const counts = cut(pile, names, [train / 100, validation / 100], stratified);
      const totals = counts.map((part) => part.reduce((a, b) => a + b));
      const sizes = Object.fromEntries(parts.map((part, i) => [part, totals[i]]));
      const classes = `${names.map((name, i) => `${counts[2][i]} ${name}`).join(", ")}.`;
      say(`${format(words.sizes, sizes)} ${format(words.classes, { classes })}`);
      const title = words[stratified ? "cut stratified" : "cut by chance"];
      view.replaceChildren(
        bars(words.parts, parts.map((part, i) => [part, [[part, totals[i]]]]),
          (n) => format("{n:,}", { n })),
        bars(`${title}: ${words.share}`, names.map((name, c) =>
          [name, parts.map((part, i) => [part, counts[i][c] / totals[i]])]),
        (share) => +(100 * share).toPrecision(3)));
      view.ariaLabel = status.textContent;
    }
    root.append(head(words.title), h(".body", h("div", Object.values(controls), status),
      h("div", view, h(".legend", parts.map((part) => h("span", h(`i.${part}`), part))))));
    address(root, controls, say, show);
  });

  // ------------------------------------------------------- lesson 02: epoch, batch and iteration
  const PACE = 400; // ms an iteration

  function strip(stories, size, read, alt, width) {
    const batches = count(Math.ceil(stories / size)).map((i) =>
      ({ number: i + 1, from: i * size, to: Math.min((i + 1) * size, stories) }));
    const kindOf = ({ number, from, to }) =>
      number <= read ? "read" : to - from === size ? "full" : "rest";
    const boxes = ["read", "full", "rest"].map((kind) => svg(`path.${kind}`, {
      d: batches.filter((batch) => kindOf(batch) === kind)
        .map(({ from, to }) => `M${from} 0H${to}v1H${from}z`).join("") }));
    const room = ({ from, to }) => (width * (to - from)) / stories > 24; // px for its number
    const numbers = batches.filter((batch) => room(batch) || batch.to === stories).map((batch) =>
      h(`span.${room(batch) ? kindOf(batch) : "above"}`,
        { style: `left: ${(50 * (batch.from + batch.to)) / stories}%` }, batch.number));
    return image("strip", alt,
      svg("svg", { viewBox: `0 0 ${stories} 1`, preserveAspectRatio: "none" }, boxes), numbers);
  }

  lessons.panel("batches", (root, { title, stories, batch_size, counts, sizes, words }) => {
    const pile = dial("stories", counts, stories);
    const size = dial("batch size", sizes, batch_size, "stories");
    const { element: status, say } = lessons.statusLine();
    const [place, view] = [h("div"), h("div")];
    const play = lessons.player(() => read, 1, PACE);
    let [read, all] = [null, 0]; // `read` is a slider, new after each cut

    function cutAgain() {
      play.pause();
      all = Math.ceil(pile.value / size.value);
      read = dial("iteration", count(all + 1), 0);
      read.listen(show);
      place.replaceChildren(read.element);
      show();
    }
    function show() {
      const rest = pile.value - (all - 1) * size.value;
      const done = Math.min(read.value * size.value, pile.value);
      const make = format(words[all === 1 ? "one" : "many"], { iterations: all });
      const last = format(words[rest < size.value ? "rest" : "full"], { rest });
      const text = format(words.cut, { stories: pile.value, size: size.value, make, last })
        + (done ? format(words.read, { read: read.value, done }) : "")
        + (done === pile.value ? words.end : "");
      say(text);
      view.replaceChildren(strip(pile.value, size.value, read.value, text, view.clientWidth));
    }
    root.append(head(title), pile.element, size.element, place, buttons(play), view, status);
    address(root, { stories: pile, batch_size: size }, say, cutAgain);
  });

  // ------------------------------------------------------------- lesson 04: steps down the slope
  lessons.panel("rate", ({ root, data, say, rate, step, reset, view }) => {
    const { words, start, hardly, leads, share, constant } = data;
    let path; // [[weight, loss], ...]

    // Cross-entropy, and its slope, by the formula that scripts/recordings/rate.py states.
    const mean = (score) => leads.reduce((sum, lead) => sum + score(lead), 0) / leads.length;
    const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))); // log(1 + exp(z))
    const loss = (weight) => mean((lead) => softplus(lead + weight)) - share * weight + constant;
    const slopeAt = (weight) => mean((lead) => 1 / (1 + Math.exp(-lead - weight))) - share;

    reset.onclick = () => {
      path = [[start, loss(start)]];
      show(format(words.start, { weight: start, loss: loss(start) }));
    };
    step.onclick = () => {
      const [[before, was], slope] = [path.at(-1), slopeAt(path.at(-1)[0])];
      const weight = before - rate.value * slope;
      const now = loss(weight);
      path.push([weight, now]);
      const verdict = words[Math.abs(now - was) < hardly ? "hardly" : now > was ? "rose" : "fell"];
      show(format(words.step, { number: path.length - 1, slope, weight, loss: now, verdict }));
    };
    function show(summary) {
      say(summary);
      const places = path.map(([weight]) => weight);
      const [xmin, xmax] = [Math.min(-4, ...places) - 0.5, Math.max(4, ...places) + 0.5];
      const curve = count(101).map((i) => xmin + ((xmax - xmin) * i) / 100)
        .map((weight) => [weight, loss(weight)]);
      const ymax = 1.05 * Math.max(curve[0][1], curve[100][1]);
      view.ariaLabel = format(words.valley, { summary });
      view.replaceChildren(lessons.plot({ xlabel: words.weight, ylabel: "loss", xmin, xmax, ymax,
        series: [{ kind: "train", look: "smooth", name: words.loss, points: curve },
          { kind: "validation", name: words.steps, points: path },
          { kind: "best", name: words.now, points: path.slice(-1) }] }));
    }
    reset.onclick();
    address(root, { rate }, say);
  });
}
