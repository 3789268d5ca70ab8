// What all panels of the website are made of. Classic scripts with one global, `lessons`: on pages
// opened from the disk browsers load neither modules nor data, only scripts. The HTML of a panel is
// made by scripts/site_panels.py; a file here makes it answer:
//   lessons.panel("name", ({ root, settings, data, say, some, more }) => { ... });
// `settings` are the notebook's, `data` is the recording, `say` writes into the status line, and
// all else is what has this name as its data-part: an element, or a control (see there).
"use strict";
const lessons = (() => {
  const kinds = {}; // what makes a panel answer, by name
  const recordings = {}; // their data, by name; a page has those of its panels

  // ------------------------------------------------------------------------ panels and recordings
  const near = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) if (isIntersecting) draw(target);
  }, { rootMargin: "600px" });

  function panel(name, answer) { // scripts are deferred, so the page is complete
    kinds[name] = answer;
    document.querySelectorAll(`[data-panel="${name}"]`).forEach((root) => near.observe(root));
  }

  // data-state is "ready" or "failed"; what stood there before stays if it fails.
  function draw(root) {
    near.unobserve(root);
    if (root.dataset.state) return;
    const { panel: name, recording, settings } = root.dataset;
    const before = [...root.childNodes];
    const held = root.contains(document.activeElement); // then the focus must not be lost
    try {
      const data = recordings[recording];
      if (recording && !data) throw new Error(`The recording ${recording}.js is missing.`);
      root.replaceChildren(root.querySelector("template").content.cloneNode(true));
      kinds[name]({ root, data, settings: JSON.parse(settings), ...partsOf(root) });
      if (held) root.querySelector("input, select, button")?.focus();
      root.dataset.state = "ready";
    } catch (error) {
      root.dataset.state = "failed";
      root.replaceChildren(...before, h("p.error", { role: "alert" },
        `This panel does not work here. ${error.message}`));
    }
  }

  function partsOf(root) {
    const parts = {};
    for (const element of root.querySelectorAll("[data-part]"))
      parts[element.dataset.part] = element.dataset.begin ? control(element) : element;
    parts.say = (text, error = false) => {
      parts.status.textContent = text;
      parts.status.classList.toggle("lessons-error", error);
    };
    return parts;
  }

  // ------------------------------------------------------------------- controls, buttons, elements
  // A control is an element with inputs: a slider and a menu that are always equal, a menu, radio
  // buttons, a box to tick, a line of text. `values` are what it offers, null if any text will do;
  // what an input holds is a place in them. `value` is to be read and to be set.
  function control(element) {
    const { values = "null", begin, event = "input" } = element.dataset;
    const inputs = [...element.querySelectorAll("input, select")];
    const [listeners, places] = [[], JSON.parse(values)];
    let value;
    const made = {
      element, inputs, values: places,
      listen: (listener) => listeners.push(listener),
      get value() { return value; },
      set value(wanted) {
        const changed = wanted !== value;
        value = wanted;
        inputs.forEach((input) => show(input, places ? places.indexOf(value) : value, value));
        if (changed) listeners.forEach((listener) => listener(value));
      },
    };
    element.addEventListener(event, ({ target }) => {
      const place = target.type === "checkbox" ? +target.checked : target.value;
      made.value = places ? places[place] : place;
    });
    made.value = JSON.parse(begin);
    return made;
  }
  function show(input, place, value) {
    if (/radio|checkbox/.test(input.type)) input.checked = +input.value === place;
    else if (input.value !== String(place)) input.value = place; // else the cursor would move
    if (input.type === "range") input.ariaValueText = `${value} ${input.dataset.unit}`.trim();
  }

  // Buttons that are off keep the focus, and hear no click.
  const enable = (on, ...some) => some.forEach((one) => { one.ariaDisabled = String(!on); });
  addEventListener("click", (event) => {
    if (event.target.closest('[aria-disabled="true"]')) event.stopPropagation();
  }, true);

  // Play takes a control from one whole number to the next, to the last one or until Pause. From
  // the last one it begins at `start` again. Gives back what pauses it.
  function player(button, control, start, pace) {
    const isAtEnd = () => control.value === control.values.at(-1);
    let timer = 0;
    function turn(on) {
      clearInterval(timer);
      timer = on && setInterval(beat, pace);
      button.textContent = on ? "Pause" : "Play";
    }
    const beat = () => { if (!isAtEnd()) control.value += 1; if (isAtEnd()) turn(false); };
    button.onclick = () => {
      if (!timer && isAtEnd()) control.value = start;
      turn(!timer);
    };
    return () => turn(false);
  }

  // Copies a text and shows it, so that it can be had where there is no clipboard.
  function copier({ children: [button, shown] }, text, say) {
    button.onclick = async () => {
      shown.textContent = text();
      shown.hidden = false;
      const copied = await navigator.clipboard?.writeText(text()).then(() => true, () => false);
      if (!copied) getSelection().selectAllChildren(shown);
      say(copied ? "Copied." : "Here it is, selected: copy it as you copy any text.");
    };
  }

  // An element: h("p.note", { id: "some" }, ...children) has the class lessons-note, h(".note") is
  // a div. Attributes may be left out; children are texts and elements, or lists of them.
  const SVG = /^(svg|g|path|text)$/;
  function h(what, ...children) {
    const [tag, ...classes] = what.split(".");
    const element = SVG.test(tag) ? document.createElementNS("http://www.w3.org/2000/svg", tag)
      : document.createElement(tag || "div");
    if (classes.length) element.classList.add(...classes.map((name) => `lessons-${name}`));
    const given = children[0]?.constructor === Object ? children.shift() : {};
    for (const [name, value] of Object.entries(given)) element.setAttribute(name, value);
    element.append(...children.flat());
    return element;
  }

  // -------------------------------------------------------------------------- numbers and drawings
  // Whole numbers that are written in base64, the lowest byte first.
  const unpacked = (text, Numbers) =>
    new Numbers(Uint8Array.from(atob(text), (byte) => byte.charCodeAt(0)).buffer);
  // As Python writes them: half goes to the even digit, and only where the number is exactly half.
  function fixed(value, digits = 0) {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "inf" : "-inf";
    if (Math.abs(value) >= 1e21) return BigInt(value) + (digits ? `.${"0".repeat(digits)}` : "");
    const scaled = value * 10 ** digits;
    const half = Number.isInteger(value * 2 ** (digits + 1)) && Math.abs(scaled % 1) === 0.5;
    return (half ? 2 * Math.round(scaled / 2) / 10 ** digits : value).toFixed(digits);
  }
  // What Python's str.format makes of "{name}", "{count:,}", "{loss:.2f}" and "{share:.0%}".
  function format(template, values) {
    return template.replace(/\{(\w+):?([^}]*)\}/g, (_, name, how) => {
      if (how === ",") return values[name].toLocaleString("en-US");
      if (!how) return values[name];
      return (how.endsWith("%") ? percent : fixed)(values[name], +how[1]);
    });
  }
  const percent = (share, digits = 0) => `${fixed(share * 100, digits)}%`;

  const MARKS = { // around a point, in the units of the drawing
    train: "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0",
    validation: "m-4-4h8v8h-8z", earlier: "m-2-2h4v4h-4z",
    best: "m0-9l2.4 6 6.4.3-5 4 1.7 6.2-5.5-3.5-5.5 3.5 1.7-6.2-5-4 6.4-.3z",
  };
  // Draws lines into axes that scripts/site_html.py has made, and writes their names below. A
  // series is { kind, name, points: [[x, y], ...], note }; its kind, of MARKS, decides marker, dash
  // and colour; `note` is at its first point; `look` may be "thin" (dotted) or "smooth", both
  // without markers. Points that are NaN or infinite are left out.
  function plot(drawing, { ylabel, xmin = 0, xmax, ymax, series,
    written = (value) => (value < 1e5 ? String(value) : value.toExponential()) }) {
    const [left, top, width, height] = [58, 26, 334, 186]; // of the axes
    const x = (value) => left + (width * (value - xmin)) / (xmax - xmin);
    const y = (value) => top + height - (height * value) / ymax;
    const text = (words, x, y, side = "middle") => h("text", { x, y, "text-anchor": side }, words);
    const across = ticks(xmax, xmin, true).map((value) => text(value, x(value), top + height + 16));
    const up = ticks(ymax).flatMap((value) => [
      h("path", { d: `M${left} ${y(value)}h${width}`, opacity: 0.2 }),
      text(written(value), left - 6, y(value) + 4, "end")]);
    const lines = series.map(({ points, note, ...how }) => {
      const seen = points.filter((point) => point.every(Number.isFinite));
      const places = seen.map((point) => `${x(point[0]).toFixed(1)} ${y(point[1]).toFixed(1)}`);
      const drawn = line(how, places.length ? `M${places.join("L")}` : "", places);
      if (note && seen.length) drawn.append(text(note, x(seen[0][0]) - 10, y(seen[0][1]) + 4));
      return drawn;
    });
    const names = series.filter(({ name }) => name).map((one) => h("span", h("svg",
      { viewBox: "0 0 34 18", "aria-hidden": true }, line(one, "M2 9h30", ["17 9"])), one.name));
    const [scales, inside] = drawing.querySelectorAll(".lessons-scales, .lessons-inside");
    scales.replaceChildren(...up, ...across);
    inside.replaceChildren(...lines);
    if (ylabel) drawing.querySelector(".lessons-ylabel").textContent = ylabel;
    drawing.querySelector(".lessons-legend")?.replaceChildren(...names);
  }
  function line({ kind, look = "bold" }, d, places) {
    const marks = places.map((place) => `M${place}${MARKS[kind]}`).join("");
    return h(`g.line.${kind}.${look}`, h("path.dash", { d }), h("path.mark", { d: marks }));
  }
  function ticks(most, least = 0, whole = false) {
    const rough = (most - least) / 6;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough && !(whole && n % 1));
    const [first, last] = [Math.ceil(least / step - 1e-9), Math.floor(most / step + 1e-9)];
    return Array.from({ length: last - first + 1 }, (_, i) => +((first + i) * step).toPrecision(6));
  }

  // ---------------------------------------------------------------------------------- the address
  // Keeps the settings of a panel in the address: ?epochs=12#05-lab. They are read now, in the
  // order of `controls`, and written when someone changes a control. Of what is not offered there
  // is a sentence. `show` is called now and at each change. Gives back a function for the address.
  function address(root, controls, say, show = () => {}) {
    const named = Object.entries(controls);
    const link = () => `?${new URLSearchParams(named.map(([name, { value }]) => [name, value]))}`
      + `#${root.id}`;
    function write() {
      try {
        history.replaceState(null, "", link());
      } catch {} // Safari allows 100 in 30 seconds; the next one has all settings again
    }
    const query = new URLSearchParams(location.hash === `#${root.id}` ? location.search : "");
    show();
    for (const [name, control] of named) {
      const asked = query.get(name);
      const offered = control.values ?? [asked]; // without values any text is welcome
      control.listen(show);
      control.value = offered.find((value) => String(value) === asked) ?? control.value;
      control.listen(write);
    }
    const wrong = [...query].filter(([name, text]) => String(controls[name]?.value) !== text);
    if (wrong.length) say("The address asks for what is not offered here, which is left out: " +
      `${wrong.map((pair) => pair.join("=")).join(", ")}.`, true);
    return () => location.href.split(/[?#]/)[0] + link();
  }
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  const recorded = (name, data) => { recordings[name] = data; }; // is what each recording calls

  return { panel, recordings, recorded, h, enable, player, copier, unpacked, fixed,
    format, percent, plot, address, still };
})();
