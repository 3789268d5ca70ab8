"use strict"; // Panels that compute: a pile that is cut (lesson 01), batches (02), a slope (04).
{
  const { h, format, fixed, address } = lessons;
  const count = (most) => Array.from({ length: most }, (_, i) => i); // 0, 1, ...

  // How many stories of each class are in each part, for a pile of labels and two shares.
  function cut(pile, classes, [train, validation], stratified) {
    const pieces = (labels) => { // rounded as Python does
      const ends = [0, train, train + validation, 1].map((end) => +fixed(labels.length * end));
      return count(3).map((part) => labels.slice(ends[part], ends[part + 1]));
    };
    const only = (labels, kind) => [...labels].filter((label) => +label === kind);
    return count(3).map((part) => classes.map((_, c) =>
      (stratified ? pieces(only(pile, c))[part] : only(pieces(pile)[part], c)).length));
  }

  // Gives each bar of a figure its height, and the number above it.
  function raise(figure, values, written) {
    const most = Math.max(...values);
    figure.querySelectorAll("p > span").forEach(({ firstChild, lastChild }, i) => {
      firstChild.textContent = written(values[i]);
      lastChild.style.height = `${(130 * values[i]) / most}px`;
    });
  }

  lessons.panel("split", ({ root, data, say, stories, training, validation, seed, stratified,
    view, sizes, shares, way }) => {
    const { words, names } = data;
    const controls = { stories, training, validation, seed, stratified };

    function show() {
      const [size, first, second, start, even] = Object.values(controls).map((one) => one.value);
      const refused = data.refused[size][`${first} ${second} ${even}`];
      if (first + second >= 100) return say(words.nothing, true);
      if (refused) return say(refused, true);
      const counts = cut(data.piles[size][start], names, [first / 100, second / 100], even);
      const totals = counts.map((part) => part.reduce((a, b) => a + b));
      const [train, validation, test] = totals;
      const classes = `${names.map((name, c) => `${counts[2][c]} ${name}`).join(", ")}.`;
      view.ariaLabel = format(`${words.sizes} ${words.classes}`,
        { train, validation, test, classes });
      say(view.ariaLabel);
      way.textContent = words[even ? "cut stratified" : "cut by chance"];
      raise(sizes, totals, (n) => format("{n:,}", { n }));
      raise(shares, names.flatMap((_, c) => totals.map((total, part) => counts[part][c] / total)),
        (share) => +(100 * share).toPrecision(3));
    }
    address(root, controls, say, show);
  });

  lessons.panel("batches", ({ root, settings, say, stories, size, iteration, play, view }) => {
    const { words } = settings;
    const pause = lessons.player(play, iteration, 1, 400); // ms an iteration
    const [slider, menu] = iteration.inputs;

    function cutAgain() {
      pause();
      view.replaceChildren(...count(Math.ceil(stories.value / size.value)).map((i) => {
        const held = Math.min(size.value, stories.value - i * size.value);
        const kind = held < size.value ? ".rest" : ".full";
        return h(kind, { style: `flex-grow: ${held}` }, h("span", i + 1));
      }));
      slider.max = view.children.length;
      iteration.values.splice(0, Infinity, ...count(view.children.length + 1));
      menu.replaceChildren(...iteration.values.map((number) => new Option(number)));
      iteration.value = 0;
      show();
    }
    function show() {
      const [pile, each, read] = [stories, size, iteration].map((one) => one.value);
      const iterations = view.children.length;
      const rest = pile - (iterations - 1) * each;
      const done = Math.min(read * each, pile);
      const make = format(words[iterations === 1 ? "one" : "many"], { iterations });
      const last = format(words[rest < each ? "rest" : "full"], { rest });
      view.ariaLabel = format(words.cut, { stories: pile, size: each, make, last })
        + (done ? format(words.read, { read, done }) : "") + (done === pile ? words.end : "");
      say(view.ariaLabel);
      [...view.children].forEach((box, i) => box.classList.toggle("lessons-read", i < read));
    }
    iteration.listen(show);
    address(root, { stories, batch_size: size }, say, cutAgain);
  });

  lessons.panel("rate", ({ root, data, say, rate, step, reset, view }) => {
    const { words, start, hardly, leads, share, constant } = data;
    let path; // [[weight, loss], ...]

    // Cross-entropy, and its slope, by the formula that scripts/recordings/rate.py states.
    const mean = (score) => leads.reduce((sum, lead) => sum + score(lead), 0) / leads.length;
    const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))); // log(1 + exp(z))
    const loss = (weight) => mean((lead) => softplus(lead + weight)) - share * weight + constant;
    const slopeAt = (weight) => mean((lead) => 1 / (1 + Math.exp(-lead - weight))) - share;

    step.onclick = () => {
      const [before, was] = path.at(-1);
      const slope = slopeAt(before);
      const weight = before - rate.value * slope;
      const change = loss(weight) - was;
      const verdict = words[Math.abs(change) < hardly ? "hardly" : change > 0 ? "rose" : "fell"];
      go(weight, words.step, { number: path.length, slope, verdict });
    };
    reset.onclick = () => {
      path = [];
      go(start, words.start);
    };
    function go(weight, said, more) {
      path.push([weight, loss(weight)]);
      const summary = format(said, { weight, loss: loss(weight), ...more });
      say(summary);
      const places = path.map(([weight]) => weight);
      const [xmin, xmax] = [Math.min(-4, ...places) - 0.5, Math.max(4, ...places) + 0.5];
      const curve = count(101).map((i) => xmin + ((xmax - xmin) * i) / 100)
        .map((weight) => [weight, loss(weight)]);
      const ymax = 1.05 * Math.max(curve[0][1], curve[100][1]);
      view.ariaLabel = format(words.valley, { summary });
      lessons.plot(view.firstChild, { xmin, xmax, ymax, series: [
        { kind: "train", look: "smooth", name: words.loss, points: curve },
        { kind: "validation", name: words.steps, points: path },
        { kind: "best", name: words.now, points: path.slice(-1) }] });
    }
    reset.onclick();
    address(root, { rate }, say);
  });
}
