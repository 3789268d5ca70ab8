// The panels about words: a headline of your own, and the map of the words. What they say is the
// library's, and so is what they know: recordings.
{
  const { h, svg, head, fixed, format, percent, statusLine, unpacked, address } = lessons;

  // A line to type in, of which any text is offered. It has a new value at each `event`.
  function textBox(name, value, event, attributes = {}) {
    const input = h("input", { type: "text", autocomplete: "off", spellcheck: "false",
      [event]: () => { made.value = input.value; }, ...attributes });
    const made = lessons.control(null, value, (now) => {
      if (input.value !== now) input.value = now; // which would move the cursor
    });
    made.element = h("label.row.text", name, input);
    return made;
  }

  // -------------------------------------------------------------------- a headline of your own
  // As Python's str.split cuts: at other characters than JavaScript's \s.
  const BLANK = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
  const tokenize = (text, replacements) => replacements
    .reduce((all, [old, now]) => all.replaceAll(old, now), text.toLowerCase())
    .split(BLANK).filter((token) => token !== "");

  // As Python's repr writes a text without an apostrophe, which is a known word itself: in quotes,
  // with codes for what cannot be printed.
  const quoted = (text) => `'${[...text].map((letter) => {
    if (letter === "\\") return "\\\\";
    if (letter === "\t") return "\\t";
    if (letter === " " || !/[\p{Other}\p{Separator}]/u.test(letter)) return letter;
    const code = letter.codePointAt(0);
    const [kind, digits] = code < 256 ? ["x", 2] : code < 65536 ? ["u", 4] : ["U", 8];
    return `\\${kind}${code.toString(16).padStart(digits, "0")}`;
  }).join("")}'`;

  // A function for the probabilities of the classes for a text, the guess, and the contribution of
  // each word to it, as `classify` and HeadlinePanel have them. It throws what `classify` raises.
  function classifier({ names, vocabulary, replacements, table, scale, bias, nothing_known }) {
    const ids = new Map(vocabulary.split(" ").map((token, id) => [token, id]));
    const others = names.length - 1; // the logits of the first class are 0
    const numbers = unpacked(table, Int16Array);
    const sum = (values) => values.reduce((a, b) => a + b, 0);
    return (text) => {
      const tokens = tokenize(text, replacements);
      if (!tokens.some((token) => ids.get(token)))
        throw new Error(format(nothing_known, [quoted(text)]));
      const row = (id) => [0, ...numbers.subarray(id * others, (id + 1) * others)];
      const adds = tokens.map((token) => // (tokens, classes)
        row(ids.get(token) ?? 0).map((number) => (number * scale) / tokens.length));
      const logits = [0, ...bias].map((start, i) => start + sum(adds.map((add) => add[i])));
      const guess = logits.indexOf(Math.max(...logits));
      const powers = logits.map((logit) => Math.exp(logit - logits[guess]));
      const words = tokens.map((word, i) => ({ word, known: ids.has(word),
        value: adds[i][guess] - sum(adds[i]) / names.length }));
      return { probabilities: powers.map((power) => power / sum(powers)), guess, words };
    };
  }

  lessons.panel("headline", async (root, { title, headline, said }) => {
    const data = await lessons.recording("headline");
    const classify = classifier(data);
    const text = textBox("headline", headline, "oninput");
    const { element: status, say } = statusLine();
    const view = h("div");
    const bar = (share, i) => h("tr", h("th", { scope: "row" }, data.names[i]),
      h("td", percent(share)), h("td.bar", h("div", { style: `width: ${100 * share}%` })));
    const chip = ({ word, known, value }) => h(`span.word.${value > 0 ? "for" : "against"}`,
      { style: `--strength: ${Math.min(100, Math.round(40 * Math.abs(value)))}%` }, word, " ",
      h("small", value < 0 ? "−" : "+", fixed(Math.abs(value), 1), known ? "" : said.unknown));
    function show() {
      view.replaceChildren();
      try {
        const { probabilities, guess, words } = classify(text.value);
        say(format(said.answer, [data.names[guess], probabilities[guess]]));
        view.append(h("table", h("caption", said.bars), probabilities.map(bar)),
          h("p", format(said.legend, [data.names[guess]])), h("div", words.map(chip)));
      } catch (problem) {
        say(problem.message, true);
      }
    }
    root.append(head(title), text.element, status, view, h("p.note", data.model));
    address(root, { headline: text }, say, show);
  });

  // ------------------------------------------------------------------------- a map of the words
  const SHAPES = { o: "m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0", s: "m-4-4h8v8h-8z",
    "^": "m0-5l5 9h-10z", D: "m0-5.5l5.5 5.5l-5.5 5.5l-5.5-5.5z", x: "m-4-4l8 8m0-8l-8 8" };
  const PACE = 1100; // ms an epoch while it plays
  const mark = ({ marker, color }) =>
    svg("path", { d: `M0 0${SHAPES[marker]}`, fill: color, stroke: color });

  // A drawing. `show(at, marked)` moves each word to `at(word)`, which is [right, up], both from
  // -1 to 1, and puts a ring around the marked one, if any. panels.css lets them glide.
  function drawMap(words, groups, width) {
    const side = Math.min(width - 160, 420);
    const [middle, height] = [width / 2, side + 24];
    const put = (element, [x, y]) => { element.style.transform = `translate(${x}px, ${y}px)`; };
    const points = groups.flatMap((group) => group.words.map((word) => [word, mark(group)]));
    const names = groups.flatMap(({ named, corner, color }) => named.map((word, i) => {
      const x = middle + corner[0] * (side / 2 + 6); // at the edge, where names stand still
      const y = height / 2 - (side / 2) * (0.44 * corner[1] + 0.17 * ((named.length - 1) / 2 - i));
      const line = svg("path.lead", { stroke: color });
      const text = svg("text", { x: x + 4 * corner[0], y: y + 4,
        "text-anchor": corner[0] > 0 ? "start" : "end" }, words[word]);
      return { word, line, text, start: `M${x} ${y}` };
    }));
    const label = svg("text", { y: -13, "text-anchor": "middle" });
    const ring = svg("g", {}, svg("circle.axes", { r: 9 }), label);
    function show(at, marked) {
      ring.style.display = marked === null ? "none" : "";
      label.textContent = words[marked] ?? "";
      const place = (word) => {
        const [right, up] = at(word);
        return [middle + (right * side) / 2, height / 2 - (up * side) / 2];
      };
      for (const [word, point] of points) put(point, place(word));
      for (const { word, line, start } of names)
        line.setAttribute("d", `${start}L${place(word).join(" ")}`);
      if (marked !== null) put(ring, place(marked));
    }
    return { show, element: svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": true },
      names.flatMap(({ line, text }) => [line, text]), points.map(([, point]) => point), ring) };
  }

  lessons.panel("word-map", async (root, { title, word, said }) => {
    const data = await lessons.recording("word_map");
    const words = data.words.split(" ");
    const asked = words.slice(0, data.asked);
    const [places, near] = [data.places, data.nearest].map((text) => unpacked(text, Int16Array));
    const cosines = unpacked(data.cosines, Int8Array);
    const at = (number, time) => [0, 1].map((axis) =>
      places[2 * (time * data.asked + number) + axis] / data.reach);
    const nearest = (number, time) => [0, 1, 2, 3, 4].map((i) => {
      const place = 5 * (time * data.asked + number) + i;
      return `${words[near[place]]} (${fixed(cosines[place] / 100, 2)})`;
    }).join(", ");

    const epoch = lessons.dial("epoch", data.when.map((_, i) => i), 0);
    const list = `${root.id}-words`;
    const box = textBox("word", word, "onchange", { list });
    const { element: status, say } = statusLine();
    const play = lessons.player(() => epoch, 0, PACE);
    const width = Math.min(Math.max(root.clientWidth - 40, 320), 580);
    const map = drawMap(words, data.groups, width);
    const drawing = lessons.image("map", "", map.element);
    function show() {
      const number = asked.indexOf(box.value.trim().toLowerCase());
      const time = epoch.value;
      const found = [data.when[time], asked[number], nearest(number, time)];
      if (number < 0) say(format(data.not_here, [asked.length, box.value]), true);
      else say(`${format(said.nearest, found)} ${data.separation[time]}`);
      drawing.ariaLabel = data.alts[time];
      map.show((word) => at(word, time), number < 0 ? null : number);
    }
    const legend = data.groups.map((group) => h("span", svg("svg", { viewBox: "-9 -9 18 18",
      "aria-hidden": true }, mark(group)), group.name ?? said.plain));
    root.append(head(title), h(".body", h("div", epoch, lessons.buttons(play), box, status),
      h("div", drawing, h(".legend", legend))),
    h("datalist", { id: list }, asked.toSorted().map((value) => h("option", { value }))));
    address(root, { epoch, word: box }, say, show);
  });
}
