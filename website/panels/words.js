"use strict"; // The panels about words: a headline of your own, and the map of the words.
{
  const { h, fixed, format, percent, unpacked, address } = lessons;

  // As Python's str.split cuts: at other characters than JavaScript's \s.
  const BLANK = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
  const tokenize = (text, replacements) => replacements
    .reduce((all, [old, now]) => all.replaceAll(old, now), text.toLowerCase())
    .split(BLANK).filter((token) => token !== "");

  // A function for the probabilities of the classes for a text, the guess, and the contribution of
  // each word to it, as `classify` and HeadlinePanel have them; null if no word is known.
  function classifier({ names, vocabulary, replacements, table, scale, bias }) {
    const ids = new Map(vocabulary.split(" ").map((token, id) => [token, id]));
    const others = names.length - 1; // the logits of the first class are 0
    const numbers = unpacked(table, Int16Array);
    const sum = (values) => values.reduce((a, b) => a + b, 0);
    return (text) => {
      const tokens = tokenize(text, replacements);
      if (!tokens.some((token) => ids.get(token))) return null;
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

  lessons.panel("headline", ({ root, data, settings, say, text, view, bars, legend, words }) => {
    const { said } = settings;
    const classify = classifier(data);
    const chip = ({ word, known, value }) => h(`span.word.${value > 0 ? "for" : "against"}`,
      { style: `--strength: ${Math.min(100, Math.round(40 * Math.abs(value)))}%` }, word, " ",
      h("small", value < 0 ? "−" : "+", fixed(Math.abs(value), 1), known ? "" : said.unknown));
    function show() {
      const found = classify(text.value);
      view.hidden = !found;
      if (!found) return say(format(data.nothing_known, [`'${text.value}'`]), true);
      const name = data.names[found.guess];
      say(format(said.answer, [name, found.probabilities[found.guess]]));
      found.probabilities.forEach((share, i) => {
        const [, number, bar] = bars.rows[i].cells;
        number.textContent = percent(share);
        bar.firstChild.style.width = percent(share, 2);
      });
      legend.textContent = format(said.legend, [name]);
      words.replaceChildren(...found.words.map(chip));
    }
    address(root, { headline: text }, say, show);
  });

  const PACE = 1100; // ms an epoch while it plays

  lessons.panel("word-map", ({ root, data, settings, say, epoch, play, word, map, ring }) => {
    const words = data.words.split(" ");
    const asked = words.slice(0, data.asked);
    const [places, near] = [data.places, data.nearest].map((text) => unpacked(text, Int16Array));
    const cosines = unpacked(data.cosines, Int8Array);
    const paths = map.querySelectorAll("[data-drawn]"); // panels.css lets them glide

    const nearest = (number) => [0, 1, 2, 3, 4].map((i) => {
      const place = 5 * (epoch.value * data.asked + number) + i;
      return `${words[near[place]]} (${fixed(cosines[place] / 100, 2)})`;
    }).join(", ");
    const at = (number) => [0, 1].map((axis) => // in the drawing, which reaches 100 to each side
      ([100, -100][axis] * places[2 * (epoch.value * data.asked + number) + axis]) / data.reach);
    function show() {
      const number = asked.indexOf(word.value.trim().toLowerCase());
      const found = [data.when[epoch.value], asked[number], nearest(number)];
      if (number < 0) say(format(data.not_here, [asked.length, word.value]), true);
      else say(`${format(settings.said.nearest, found)} ${data.separation[epoch.value]}`);
      map.ariaLabel = data.alts[epoch.value];
      const here = asked.map((_, i) => at(i).join(" "));
      for (const path of paths) path.setAttribute("d", format(path.dataset.drawn, here));
      ring.style.display = number < 0 ? "none" : "";
      ring.lastChild.textContent = asked[number] ?? "";
      if (number >= 0) ring.style.transform = `translate(${at(number).join("px, ")}px)`;
    }
    lessons.player(play, epoch, 0, PACE);
    address(root, { epoch, word }, say, show);
  });
}
