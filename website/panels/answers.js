"use strict"; // The panels that ask: predictions, lines in a wrong order, questions, exercises.
{
  const { h, format } = lessons;

  // Right or not, as a mark and a word, and why. Screen readers skip the mark.
  const judge = (status, [mark, word], why) => status.replaceChildren(
    h("span", { "aria-hidden": true }, mark), " ", h("b", word), ` ${why}`);

  // Commit fixes the prediction, opens what is folded up below it, and shows the result that was
  // made for it: see `comparison` in scripts/site_predictions.py.
  function predict({ root, settings, say, commit, guess }) {
    const { names, unit, said } = settings;
    say(said.first);
    commit.onclick = () => {
      const place = guess.values.indexOf(guess.value);
      const done = guess.inputs[0].disabled;
      if (done || place < 0) return say(done ? said.again : said.no_choice, true);
      guess.inputs.forEach((input) => { input.disabled = true; });
      commit.textContent = "Committed";
      say(format(said.committed, [names ? names[place] : `${guess.value} ${unit}`.trim()]));
      document.querySelectorAll(`[data-later="${root.id}"]`).forEach((one) => { one.open = true; });
      const result = document.querySelector(`[data-result-of="${root.id}"]`);
      result?.replaceChildren(result.querySelectorAll("template")[place].content);
    };
  }
  lessons.panel("number-prediction", predict);
  lessons.panel("curve-prediction", predict);

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

  lessons.panel("parsons", ({ settings, say, list, up, down, check, status }) => {
    const { right, rules, said } = settings;
    const [lines, texts] = [[...settings.lines], list.element.querySelectorAll("label > span")];
    const tell = (text) => say(format(text, [list.value + 1, lines.length]));
    list.listen(() => tell(said.chosen));
    function move(by) {
      const place = Math.min(Math.max(list.value + by, 0), lines.length - 1);
      lines.splice(place, 0, ...lines.splice(list.value, 1));
      lines.forEach((line, number) => { texts[number].textContent = line; });
      list.value = place;
      tell(said.moved);
    }
    up.onclick = () => move(-1);
    down.onclick = () => move(1);
    check.onclick = () => {
      const wrong = fault(lines, rules, said);
      const same = lines.join("\n") === right.join("\n");
      judge(status, said.verdicts[wrong ? 0 : 1], wrong || (same ? said.same : said.other));
    };
  });

  lessons.panel("check-yourself", ({ settings, count, ...parts }) => {
    const { questions, said } = settings;
    const right = questions.map(() => false);
    questions.forEach(({ options }, number) => parts[`asked-${number}`].listen((chosen) => {
      const option = options.find(({ text }) => text === chosen);
      judge(parts[`why-${number}`], said.verdicts[Number(option.right)], option.why);
      right[number] = option.right;
      count.textContent = format(said.right, [right.filter(Boolean).length, questions.length]);
    }));
  });

  lessons.panel("starter", ({ root, say, copy }) => {
    const code = root.closest(".cell").querySelector(".cell_input pre");
    lessons.copier(copy, () => code.textContent.trimEnd(), say);
  });
}
