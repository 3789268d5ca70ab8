// The panels that ask: predictions, lines in a wrong order, questions and exercises. What they say
// are texts of the library, with {} for what differs.
{
  const { h, svg, plot, dial, radios, button, buttons, statusLine } = lessons;
  const tell = (text, ...values) => text.replace(/\{\}/g, () => values.shift());
  const head = (title, ...beside) => h("div", { class: "lessons-head" }, h("b", {}, title), ...beside);
  const FOLLOWS = Node.DOCUMENT_POSITION_FOLLOWING;

  // Right or not, as a mark and a word, and why. Screen readers skip the mark.
  function judge(status, verdicts, right, why) {
    const [mark, word] = verdicts[Number(right)];
    status.element.replaceChildren(h("span", { "aria-hidden": "true" }, mark), " ",
      h("b", {}, word), ` ${why}`);
  }

  // ------------------------------------------------------------------------------ predictions
  // Where the page compares with the answer to this question. What cells show on the way there may
  // give it away, so it is folded up until `open`.
  function resultOf(root, { question, said }) {
    const asks = (place) => JSON.parse(place.dataset.settings).question === question;
    const result = [...document.querySelectorAll("[data-panel=comparison]")].find(asks);
    if (!result) return null;
    const between = [...document.querySelectorAll(".cell_output")].filter((output) =>
      root.compareDocumentPosition(output) & FOLLOWS && output.compareDocumentPosition(result) & FOLLOWS);
    const folded = between.map((output) => {
      const details = h("details", { class: "lessons-later" }, h("summary", {}, said.later));
      output.replaceWith(details);
      details.append(output);
      return details;
    });
    return { ...JSON.parse(result.dataset.settings), show(...children) {
      folded.forEach((details) => { details.open = true; });
      result.replaceChildren(...children);
    } };
  }

  // The button and the status line. `chosen` gives the prediction in words, or none if there is none
  // yet; `compare` gives what is then shown at the result.
  function committer(root, settings, { inputs, chosen, compare }) {
    const { said } = settings;
    const [result, status] = [resultOf(root, settings), statusLine()];
    let done = false;
    const commit = button("Commit", () => {
      if (done) return status.say(said.again, true);
      const words = chosen();
      if (!words) return status.say(said.no_choice, true);
      done = true;
      inputs.forEach((input) => { input.disabled = true; });
      commit.textContent = "Committed";
      status.say(tell(said.committed, words));
      result?.show(...compare(result));
    }, { primary: true });
    status.say(said.first);
    return [buttons(commit), status.element];
  }

  lessons.panel("number-prediction", (root, settings) => {
    const { title, question, values, unit, labels, said } = settings;
    const guess = dial("prediction", values, values[Math.floor(values.length / 2)], { unit });
    const words = (number) => `${number} ${unit}`.trim();
    function compare({ drawn }) {
      const off = +Math.abs(guess.value - drawn).toFixed(10);
      const how = off === 0 ? said.exactly
        : tell(guess.value > drawn ? said.high : said.low, `${off} ${settings.unit_of_difference}`.trim());
      const summary = tell(said.compared, words(guess.value), words(drawn), how);
      return [scale([...values, drawn], [[drawn, "train"], [guess.value, "validation"]].map(
        ([number, kind], i) => ({ number, kind, name: `${labels[i]}: ${words(number)}` })), summary),
      h("p", {}, summary)];
    }
    root.append(head(title), h("div", { class: "lessons-question" }, question), guess.element,
      ...committer(root, settings, { inputs: guess.element.querySelectorAll("input"),
        chosen: () => words(guess.value), compare }));
  });

  // Numbers as marks on a scale, each with its name above it.
  function scale(range, marks, alt) {
    const [low, high] = [Math.min(...range), Math.max(...range)];
    const x = (number) => 12 + (376 * (number - low)) / (high - low);
    const side = (number) => (x(number) < 100 ? "start" : x(number) > 300 ? "end" : "middle");
    const write = (text, number, y) => svg("text", { x: x(number), y, "text-anchor": side(number) }, text);
    const drawn = marks.map(({ number, kind, name }, i) => svg("g", { class: `lessons-line lessons-${kind}` },
      svg("path", { class: "lessons-mark", d: kind === "train"
        ? `M${x(number) - 6} ${28 + 40 * i}a6 6 0 1 0 12 0a6 6 0 1 0-12 0`
        : `M${x(number) - 6} ${22 + 40 * i}h12v12h-12z` }), write(name, number, 15 + 40 * i)));
    return h("div", { class: "lessons-plot lessons-scale", role: "img", "aria-label": alt },
      svg("svg", { viewBox: "0 0 400 110", "aria-hidden": "true" },
        svg("path", { class: "lessons-axes", d: "M12 84v6h376v-6" }),
        [low, high].map((number) => write(number, number, 106)), drawn));
  }

  lessons.panel("curve-prediction", (root, settings) => {
    const { title, question, options, names, sketches, alt, xlabel, ylabel } = settings;
    const guess = radios(question, options);
    const place = () => options.indexOf(guess.value);
    function compare({ labels, alts, said, drawn }) {
      const series = [0, place() + 1].map((number, i) => ({ kind: ["train", "validation"][i],
        name: labels[number], points: drawn[number].map((height, step) => [step + 1, height]) }));
      const ymax = 1.1 * Math.max(...series.flatMap(({ points }) => points.map((point) => point[1])));
      return [h("div", { class: "lessons-scale" }, plot({ title: "", xlabel, ylabel, ymax,
        xmax: drawn[0].length, series, alt: alts[place()] })), h("p", {}, said[place()])];
    }
    const top = 1.1 * Math.max(...sketches.flat());
    const drawings = sketches.map((heights, i) => svg("svg", { viewBox: "0 0 120 84" },
      svg("text", { x: 66, y: 12, "text-anchor": "middle" }, options[i][0]),
      svg("path", { class: "lessons-axes", d: "M16 18v54h102" }),
      svg("text", { x: 66, y: 83, "text-anchor": "middle" }, xlabel),
      svg("g", { class: "lessons-line lessons-train" }, svg("path", { class: "lessons-dash",
        d: `M${heights.map((height, step) =>
          `${20 + (94 * step) / (heights.length - 1)} ${72 - (54 * height) / top}`).join("L")}` }))));
    root.append(head(title), h("div", { class: "lessons-body" },
      h("div", {}, guess, committer(root, settings, { inputs: guess.inputs,
        chosen: () => names[place()], compare })),
      h("div", { class: "lessons-plot lessons-sketches", role: "img", "aria-label": alt }, drawings)));
  });

  // ---------------------------------------------------------------- lines in the wrong order
  const depth = (line) => (line.length - line.trimStart().length) / 4;

  // What is wrong with this order of lines; nothing if it computes the same as the right one.
  function fault(lines, rules, said) {
    const named = (place) => tell(said.line, place + 1, lines[place].trim());
    const place = (part) => lines.findIndex((line) => line.includes(part));
    for (const [number, line] of lines.entries()) {
      const above = lines[number - 1] ?? "";
      if (above.endsWith(":") && depth(line) !== depth(above) + 1) return tell(said.empty, named(number - 1));
      if (!above.endsWith(":") && depth(line) > depth(above)) return tell(said.indented, named(number));
    }
    if (lines.at(-1).endsWith(":")) return tell(said.empty, named(lines.length - 1));
    for (const rule of rules) {
      const [first, then] = [place(rule.first), place(rule.then)];
      if (first > then && !(rule.or_after && first > place(rule.or_after)))
        return tell(said.order, named(first), named(then), rule.why);
    }
    return "";
  }

  lessons.panel("parsons", (root, { title, head: first, lines: shuffled, right, rules, said }) => {
    const lines = [...shuffled];
    const [status, box] = [statusLine(), h("div")];
    let chosen = 0;
    const tellLine = (text) => status.say(tell(text, chosen + 1, lines.length));
    function show() {
      const list = radios("Lines", lines, { onchange: (line) => {
        chosen = lines.indexOf(line);
        tellLine(said.chosen);
      } });
      list.inputs[chosen].checked = true;
      list.element.classList.add("lessons-lines");
      box.replaceChildren(list.element);
    }
    function move(by) {
      const to = Math.min(Math.max(chosen + by, 0), lines.length - 1);
      lines.splice(to, 0, ...lines.splice(chosen, 1));
      chosen = to;
      show();
      tellLine(said.moved);
    }
    const check = () => {
      const wrong = fault(lines, rules, said);
      const same = lines.every((line, number) => line === right[number]);
      judge(status, said.verdicts, !wrong, wrong || (same ? said.same : said.other));
    };
    root.append(head(title), h("pre", {}, first), box, buttons(button("Move up", () => move(-1)),
      button("Move down", () => move(1)), button("Check", check)), status.element);
    show();
  });

  // ---------------------------------------------------------------------- questions, progress
  lessons.panel("check-yourself", (root, { title, questions, said }) => {
    const count = h("span");
    const right = questions.map(() => false);
    root.append(head(title, count));
    for (const [number, { text, options }] of questions.entries()) {
      const why = statusLine();
      why.element.classList.add("lessons-why");
      const texts = options.map((option) => option.text);
      const asked = radios(`${number + 1}. ${text}`, texts, { onchange: (value) => {
        const option = options[texts.indexOf(value)];
        judge(why, said.verdicts, option.right, option.why);
        right[number] = option.right;
        count.textContent = tell(said.right, right.filter(Boolean).length, questions.length);
      } });
      root.append(asked.element, why.element);
    }
  });

  lessons.panel("progress", (root, { title, said }) => root.append(head(title), h("p", {}, said)));

  // ------------------------------------------------------------------------------- exercises
  // Under the code of an exercise, a button that copies it. Pages opened from the disk may have no
  // clipboard: then it is selected.
  function offerStarter(code) {
    const exercise = /\ncheck\("(\d\d-[\w-]+)", .*\)\s*$/.exec(code.textContent)?.[1];
    if (!exercise) return;
    const status = statusLine();
    const copy = button("Copy the starter", async () => {
      const copied = await navigator.clipboard?.writeText(code.textContent).then(() => true, () => false);
      if (!copied) getSelection().selectAllChildren(code);
      status.say(copied ? `The starter of ${exercise} is copied.`
        : "The starter is selected, for this page may not copy it by itself: copy it as you copy any text.");
    });
    code.closest(".cell_input").after(h("div", { class: "lessons-panel lessons-starter" }, buttons(copy),
      h("p", {}, `Try exercise ${exercise} in this lesson's notebook, in JupyterLab: there check says what is `
        + "right and what is not, and hint helps."), status));
  }
  const offerAll = () => document.querySelectorAll(".cell_input pre").forEach(offerStarter);
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", offerAll);
  else offerAll();
}
