// The panels that ask: predictions, lines in a wrong order, questions, exercises. What they say is
// the library's.
{
  const { h, svg, head, format, radios, button, buttons, statusLine } = lessons;

  const numbers = (line) => line.split(" ").map(Number);

  // Right or not, as a mark and a word, and why. Screen readers skip the mark.
  const judge = (status, [mark, word], why) => status.replaceChildren(
    h("span", { "aria-hidden": true }, mark), " ", h("b", word), ` ${why}`);

  // ------------------------------------------------------------------------------- predictions
  // What cells show between a question and its answer may give it away, so it is folded up. Gives
  // back a function that unfolds it and puts there what `compare` makes of the stored answer.
  function resultOf(root, { question, said }) {
    const settings = (place) => JSON.parse(place.dataset.settings);
    const places = [...document.querySelectorAll(".cell_output, [data-panel]")];
    const result = places.find((place) =>
      place.dataset.panel === "comparison" && settings(place).question === question);
    const between = places.slice(places.indexOf(root), result ? places.indexOf(result) : 0);
    const folded = between.filter((one) => one.matches(".cell_output")).map((output) => {
      const details = h("details.later", h("summary", said.later));
      output.replaceWith(details);
      details.append(output);
      return details;
    });
    return (compare) => {
      folded.forEach((details) => { details.open = true; });
      result?.replaceChildren(...compare(settings(result)));
    };
  }

  // The button and the status line. `chosen` gives the prediction in words, if there is one yet.
  function committer(root, settings, inputs, chosen, compare) {
    const { said } = settings;
    const show = resultOf(root, settings);
    const { element, say } = statusLine();
    let done = false;
    const commit = button("Commit", () => {
      if (done || !chosen()) return say(done ? said.again : said.no_choice, true);
      done = true;
      inputs.forEach((input) => { input.disabled = true; });
      commit.textContent = "Committed";
      say(format(said.committed, [chosen()]));
      show(compare);
    }, { primary: true });
    say(said.first);
    return [buttons(commit), element];
  }

  lessons.panel("number-prediction", (root, settings) => {
    const { title, question, unit, unit_of_difference, labels, said } = settings;
    const values = numbers(settings.values);
    const guess = lessons.dial("prediction", values, values[Math.floor(values.length / 2)], unit);
    const words = (number) => `${number} ${unit}`.trim();
    function compare({ drawn }) {
      const off = +(guess.value - drawn).toFixed(10); // 0.3 - 0.1 is not quite 0.2
      const size = `${Math.abs(off)} ${unit_of_difference}`.trim();
      const how = off ? format(off > 0 ? said.high : said.low, [size]) : said.exactly;
      const summary = format(said.compared, [words(guess.value), words(drawn), how]);
      const marks = [drawn, guess.value].map((number, i) =>
        [number, `${labels[i]}: ${words(number)}`]);
      return [scale([...values, drawn], marks, summary), h("p", summary)];
    }
    root.append(head(title), h(".question", question), guess.element,
      ...committer(root, settings, guess.element.querySelectorAll("input"),
        () => words(guess.value), compare));
  });

  // What happened, as a dot on a scale, and above it the prediction, as a square: [number, name].
  function scale(range, marks, alt) {
    const [low, high] = [Math.min(...range), Math.max(...range)];
    const x = (number) => 12 + (376 * (number - low)) / (high - low);
    const side = (number) => (x(number) < 100 ? "start" : x(number) > 300 ? "end" : "middle");
    const write = (text, number, y) =>
      svg("text", { x: x(number), y, "text-anchor": side(number) }, text);
    const [dot, square] = ["m-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0", "m-6-6h12v12h-12z"];
    const drawn = marks.map(([number, name], i) =>
      svg(`g.line.${["train", "validation"][i]}`,
        svg("path.mark", { d: `M${x(number)} ${68 - 40 * i}${[dot, square][i]}` }),
        write(name, number, 55 - 40 * i)));
    return lessons.image("plot.wide-plot", alt,
      svg("svg", { viewBox: "0 0 400 110", "aria-hidden": true },
        svg("path.axes", { d: "M12 84v6h376v-6" }),
        [low, high].map((number) => write(number, number, 106)), drawn));
  }

  lessons.panel("curve-prediction", (root, settings) => {
    const { title, question, options, names, alt, xlabel, ylabel } = settings;
    const sketches = settings.sketches.map(numbers);
    const guess = radios(question, options);
    const place = () => options.indexOf(guess.value);
    function compare({ labels, alts, said, drawn }) {
      if (!drawn[0]) return [h("p", said[place()])]; // all of it was NaN or infinite
      const lines = [drawn[0], drawn[place() + 1]].map(numbers);
      const look = lines[0].length > 60 ? "smooth" : "bold"; // so many marks would hide the lines
      const series = lines.map((heights, i) => ({ kind: ["train", "validation"][i], look,
        name: labels[i && place() + 1],
        points: heights.map((height, step) => [step + 1, height]) }));
      const both = lessons.plot({ xlabel, ylabel, xmax: lines[0].length, series,
        ymax: 1.1 * Math.max(...lines.flat()) });
      return [lessons.image("wide-plot", alts[place()], both), h("p", said[place()])];
    }
    const top = 1.1 * Math.max(...sketches.flat());
    const line = (heights) => heights.map((height, step) =>
      `${20 + (102 * step) / (heights.length - 1)} ${68 - (50 * height) / top}`).join("L");
    const drawings = sketches.map((heights, i) => svg("svg", { viewBox: "0 0 130 84" },
      svg("text", { x: 71, y: 12, "text-anchor": "middle" }, options[i][0]),
      svg("text", { x: 71, y: 82, "text-anchor": "middle" }, xlabel),
      svg("path.axes", { d: "M16 18v50h110" }),
      svg("g.line.train", svg("path.dash", { d: `M${line(heights)}` }))));
    root.append(head(title), h(".body",
      h("div", guess, committer(root, settings, guess.inputs, () => names[place()], compare)),
      lessons.image("plot.sketches", alt, drawings)));
  });

  // ------------------------------------------------------------------ lines in the wrong order
  // What is wrong with this order of lines; nothing if it computes the same as the right one.
  function fault(lines, rules, said) {
    const named = (number) => format(said.line, [number + 1, lines[number].trim()]);
    const depth = (line) => (line.length - line.trimStart().length) / 4;
    const place = (part) => lines.findIndex((line) => line.includes(part));
    for (const [number, line] of [...lines, ""].entries()) {
      const above = lines[number - 1] ?? "";
      const opens = above.endsWith(":");
      if (opens && depth(line) !== depth(above) + 1) return format(said.empty, [named(number - 1)]);
      if (!opens && depth(line) > depth(above)) return format(said.indented, [named(number)]);
    }
    for (const rule of rules) {
      const [first, then] = [place(rule.first), place(rule.then)];
      if (first > then && !(rule.or_after && first > place(rule.or_after)))
        return format(said.order, [named(first), named(then), rule.why]);
    }
    return "";
  }

  lessons.panel("parsons", (root, { title, head: first, lines: shuffled, right, rules, said }) => {
    const lines = [...shuffled];
    const list = h("div");
    const { element: status, say } = statusLine();
    let chosen = 0;
    const tell = (text) => say(format(text, [chosen + 1, lines.length]));
    function show() {
      const shown = lines.map((line) => line.replaceAll("    ", "\u00a0\u00a0\u00a0\u00a0"));
      const made = radios("Lines", shown);
      made.value = shown[chosen];
      made.listen((line) => {
        chosen = shown.indexOf(line);
        tell(said.chosen);
      });
      made.element.classList.add("lessons-lines");
      list.replaceChildren(made.element);
    }
    function move(by) {
      const [line] = lines.splice(chosen, 1);
      chosen = Math.min(Math.max(chosen + by, 0), lines.length);
      lines.splice(chosen, 0, line);
      show();
      tell(said.moved);
    }
    function check() {
      const wrong = fault(lines, rules, said);
      const same = lines.join("\n") === right.join("\n");
      judge(status, said.verdicts[wrong ? 0 : 1], wrong || (same ? said.same : said.other));
    }
    root.append(head(title), h("pre", first), list, buttons(button("Move up", () => move(-1)),
      button("Move down", () => move(1)), button("Check", check)), status);
    show();
  });

  // ------------------------------------------------------------ questions, progress, exercises
  lessons.panel("check-yourself", (root, { title, questions, said }) => {
    const count = h("span");
    const right = questions.map(() => false);
    root.append(head(title, count), ...questions.flatMap(({ text, options }, number) => {
      const { element: why } = statusLine();
      why.classList.add("lessons-why");
      const asked = radios(`${number + 1}. ${text}`, options.map((option) => option.text));
      asked.listen((chosen) => {
        const option = options.find((one) => one.text === chosen);
        judge(why, said.verdicts[Number(option.right)], option.why);
        right[number] = option.right;
        count.textContent = format(said.right, [right.filter(Boolean).length, questions.length]);
      });
      return [asked.element, why];
    }));
  });

  lessons.panel("progress", (root, { title, said }) => root.append(head(title), h("p", said)));

  // Under the code of an exercise, a button that copies it.
  function offerStarter(code) {
    if (!/\ncheck\("\d\d-[\w-]+", .*\)\s*$/.test(code.textContent)) return;
    const { element: status, say } = statusLine();
    const copy = lessons.copier("Copy the starter", () => code.textContent.trimEnd(), say);
    code.closest(".cell_input").after(h(".panel.starter", buttons(copy), status));
  }
  document.querySelectorAll(".cell_input pre").forEach(offerStarter);
}
