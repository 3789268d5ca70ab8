// The panels about words: a headline of your own, and the map of the words. What they say are texts
// of the library, with {} for what differs; what they know is recorded.
{
  const { h, svg, fixed, percent, dial, button, buttons, statusLine, address, still } = lessons;
  const tell = (text, ...values) => text.replace(/\{\}/g, () => values.shift());
  const head = (title) => h("div", { class: "lessons-head" }, h("b", {}, title));

  // Whole numbers that were written in base64, the lowest byte first.
  const unpacked = (text, Type) =>
    new Type(Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0)).buffer);

  // A line to type in. `listen` is called when it is left, or Enter pressed; `values`: what is offered.
  function textBox(name, value, { values, attributes = {} }) {
    const listeners = [];
    const tellAll = () => listeners.forEach((listener) => listener());
    const input = h("input", { type: "text", autocomplete: "off", spellcheck: "false", ...attributes,
      onchange: tellAll });
    input.value = value;
    return {
      input, values, element: h("label", { class: "lessons-row lessons-text" }, name, input),
      listen: (listener) => listeners.push(listener),
      get value() { return input.value; },
      set value(text) { input.value = text; tellAll(); },
    };
  }

  // -------------------------------------------------------------------- a headline of your own
  // As Python's str.split cuts: more and other characters than JavaScript's \s.
  const BLANK = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
  function tokenize(text, replacements) {
    const marked = replacements.reduce((all, [old, now]) => all.replaceAll(old, now),
      text.toLowerCase());
    return marked.split(BLANK).filter((token) => token !== "");
  }

  // As Python's repr writes a text: in quotes, with codes for what cannot be printed.
  function quoted(text) {
    const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
    const code = (character) => {
      const number = character.codePointAt(0);
      if (character === "\\" || character === quote) return `\\${character}`;
      if (character === "\t") return "\\t";
      if (character === " " || !/[\p{Other}\p{Separator}]/u.test(character)) return character;
      const [letter, digits] = number < 256 ? ["x", 2] : number < 65536 ? ["u", 4] : ["U", 8];
      return `\\${letter}${number.toString(16).padStart(digits, "0")}`;
    };
    return quote + [...text].map(code).join("") + quote;
  }

  // The probability of each class for a text, the class that is guessed, and what each word adds to
  // the logits, as `classify` and `word_contributions` compute it. An Error where they raise one.
  function classifier({ names, vocabulary, replacements, table, scale, bias, nothing_known }) {
    const ids = new Map(vocabulary.split(" ").map((token, id) => [token, id]));
    const others = names.length - 1; // the logits of the first class are 0
    const numbers = unpacked(table, Int16Array);
    const row = (id) => [0, ...numbers.subarray(id * others, (id + 1) * others)];
    return (text) => {
      const tokens = tokenize(text, replacements);
      if (!tokens.some((token) => ids.get(token))) throw new Error(tell(nothing_known, quoted(text)));
      const adds = tokens.map((token) =>
        row(ids.get(token) ?? 0).map((number) => (number * scale) / tokens.length));
      const logits = names.map((_, i) => adds.reduce((sum, add) => sum + add[i], [0, ...bias][i]));
      const powers = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
      const probabilities = powers.map((power) => power / powers.reduce((a, b) => a + b));
      const guess = logits.indexOf(Math.max(...logits));
      const words = tokens.map((word, i) => ({ word, known: ids.has(word),
        share: adds[i][guess] - adds[i].reduce((a, b) => a + b) / names.length }));
      return { probabilities, guess, words };
    };
  }

  lessons.panel("headline", async (root, { title, headline, said }) => {
    const data = await lessons.recording("headline");
    const classify = classifier(data);
    const text = textBox("headline", headline, { attributes: { oninput: () => show() } });
    const [status, view] = [statusLine(), h("div")];
    const bar = (share, i) => h("tr", {}, h("th", { scope: "row" }, data.names[i]),
      h("td", {}, percent(share)),
      h("td", { class: "lessons-bar" }, h("div", { style: `width: ${100 * share}%` })));
    const chip = ({ word, known, share }) => h("span", {
      class: `lessons-word lessons-${share > 0 ? "for" : "against"}`,
      style: `--strength: ${Math.min(100, Math.round(40 * Math.abs(share)))}%` }, `${word} `,
      h("small", {}, (share < 0 ? "−" : "+") + fixed(Math.abs(share), 1) + (known ? "" : said.unknown)));
    function show() {
      try {
        const { probabilities, guess, words } = classify(text.value);
        status.say(tell(said.answer, data.names[guess], percent(probabilities[guess])));
        view.replaceChildren(
          h("table", {}, h("caption", {}, said.bars), h("tbody", {}, probabilities.map(bar))),
          h("p", {}, tell(said.legend, data.names[guess])), h("div", {}, words.map(chip)));
      } catch (problem) {
        status.say(problem.message, true);
        view.replaceChildren();
      }
    }
    text.listen(show);
    root.append(...[head(title), text, status, view].map((one) => one.element ?? one),
      h("p", {}, h("small", {}, data.model)));
    show();
    address(root, { headline: text });
  });

  // ------------------------------------------------------------------------- a map of the words
  const SHAPES = { o: "m-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0", s: "m-4-4h8v8h-8z",
    "^": "m0-5l5 9h-10z", D: "m0-5.5l5.5 5.5l-5.5 5.5l-5.5-5.5z", v: "m0 5l5-9h-10z",
    P: "m-2-5h4v3h3v4h-3v3h-4v-3h-3v-4h3z", x: "m-4-4l8 8m0-8l-8 8" };
  const GLIDE = 700; // ms from one epoch to the next
  const PACE = 1100; // ms an epoch while it plays

  // The drawing. `place(t)` moves all points to where they are at the time t, which may lie between
  // two epochs; `mark(word)` puts a ring around one, if any.
  function drawMap(words, groups, at, width) {
    const side = Math.min(width - 170, 420);
    const [middle, high] = [width / 2, side + 20];
    const x = (value) => middle + (value * side) / 2;
    const y = (value) => high / 2 - (value * side) / 2;
    const mark = ({ marker, color }) => svg("path", { d: `M0 0${SHAPES[marker]}`, fill: color,
      ...(marker === "x" && { stroke: color, "stroke-width": 1.6 }) });
    const points = groups.flatMap((group) =>
      group.words.map((word) => [word, svg("g", {}, mark(group))]));
    const names = groups.flatMap(({ named, corner, color }) => named.map((word, i) => {
      const height = y(corner[1] * 0.5 + 0.17 * ((named.length - 1) / 2 - i));
      const edge = middle + corner[0] * (side / 2 + 8);
      const line = svg("line", { x1: edge, y1: height, stroke: color, opacity: 0.8 });
      return [word, line, svg("text", { x: edge + 4 * corner[0], y: height + 4,
        "text-anchor": corner[0] > 0 ? "start" : "end" }, words[word])];
    }));
    const ring = svg("g", {}, svg("circle", { r: 8, fill: "none", stroke: "currentColor",
      "stroke-width": 2 }), svg("text", { y: -13, "text-anchor": "middle" }));
    let [marked, time] = [null, 0];
    const place = (t = time) => {
      time = t;
      const put = (element, word) => {
        const [across, up] = at(word, t);
        element.setAttribute("transform", `translate(${x(across)} ${y(up)})`);
      };
      for (const [word, point] of points) put(point, word);
      for (const [word, line] of names) {
        line.setAttribute("x2", x(at(word, t)[0]));
        line.setAttribute("y2", y(at(word, t)[1]));
      }
      if (marked !== null) put(ring, marked);
      ring.style.display = marked === null ? "none" : "";
    };
    const element = svg("svg", { viewBox: `0 0 ${width} ${high}`, "aria-hidden": "true" },
      names.map((name) => name[1]), points.map((point) => point[1]), names.map((name) => name[2]),
      ring);
    return { element, mark, place, get time() { return time; },
      ring(word) { marked = word; ring.lastChild.textContent = words[word] ?? ""; place(); } };
  }

  lessons.panel("word-map", async (root, { title, word, said }) => {
    const data = await lessons.recording("word_map");
    const [words, last] = [data.words.split(" "), data.when.length - 1];
    const asked = words.slice(0, data.asked);
    const places = unpacked(data.places, Int16Array);
    const near = unpacked(data.nearest, Int16Array);
    const cosines = unpacked(data.cosines, Int8Array);
    const at = (number, t) => [0, 1].map((axis) => {
      const [from, to] = [Math.floor(t), Math.ceil(t)].map((epoch) =>
        places[2 * (epoch * data.asked + number) + axis] / data.reach);
      return from + (t - Math.floor(t)) * (to - from);
    });
    const nearest = (number, time) => Array.from({ length: 5 }, (_, i) => {
      const row = 5 * (time * data.asked + number) + i;
      return `${words[near[row]]} (${fixed(cosines[row] / 100, 2)})`;
    }).join(", ");

    const epoch = dial("epoch", data.when.map((_, i) => i), 0);
    const list = `${root.id}-words`;
    const box = textBox("word", word, { values: asked, attributes: { list } });
    const [status, play] = [statusLine(), button("Play", () => (timer ? pause() : begin()))];
    const map = drawMap(words, data.groups, at, Math.max(320, Math.min(root.clientWidth - 36, 600)));
    const drawing = h("div", { class: "lessons-map", role: "img" }, map.element);
    let [timer, frame] = [null, 0];
    function begin() {
      if (epoch.value === last) epoch.value = 0;
      timer = setInterval(() => { epoch.value += 1; if (epoch.value === last) pause(); }, PACE);
      play.textContent = "Pause";
    }
    function pause() {
      clearInterval(timer);
      timer = null;
      play.textContent = "Play";
    }
    function glide(to) {
      const [from, begun] = [map.time, performance.now()];
      const move = (now) => {
        const share = Math.min(1, Math.max(0, (now - begun) / GLIDE));
        map.place(from + share * (to - from));
        if (share < 1) frame = requestAnimationFrame(move);
      };
      cancelAnimationFrame(frame);
      if (still()) map.place(to);
      else move(begun);
    }
    function show() {
      const number = asked.indexOf(box.value.trim().toLowerCase());
      const found = number < 0 ? tell(data.not_here, asked.length, box.value)
        : `${tell(said.nearest, data.when[epoch.value], asked[number], nearest(number, epoch.value))} `
          + data.separation[epoch.value];
      status.say(found, number < 0);
      map.ring(number < 0 ? null : number);
      drawing.setAttribute("aria-label", data.alts[epoch.value]);
      glide(epoch.value);
    }
    epoch.listen(show);
    box.listen(show);
    const legend = data.groups.map((group) => h("span", {},
      svg("svg", { viewBox: "-8 -8 16 16" }, map.mark(group)), group.name ?? said.plain));
    root.append(head(title), h("div", { class: "lessons-body" },
      h("div", {}, epoch, buttons(play), box, status),
      h("div", {}, drawing, h("div", { class: "lessons-legend" }, legend))),
      h("datalist", { id: list }, asked.toSorted().map((value) => h("option", { value }))));
    show();
    address(root, { epoch, word: box }, status.say);
  });
}
