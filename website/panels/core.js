// What all panels of the website are made of. Classic scripts with one global, `lessons`: on pages
// opened from the disk browsers load neither modules nor data, only scripts. A panel's file says
//   { const { h, dial } = lessons; lessons.panel("name", (root, settings) => { ... }); }
// A control has `element`, `value` (to read and to set), `values` (what it offers) and `listen`.
const lessons = (() => {
  const kinds = {}; // how to draw a panel, by name
  const recordings = {}; // promises, by name
  const waiting = {}; // what to do with the data of a recording when it is here
  const base = new URL("../recordings/", document.currentScript.src);

  // ------------------------------------------------------------------------ panels and recordings
  const near = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) if (isIntersecting) draw(target);
  }, { rootMargin: "600px" });

  function panel(name, render) { // scripts are deferred, so the page is complete
    kinds[name] = render;
    document.querySelectorAll(`[data-panel="${name}"]`).forEach((root) => near.observe(root));
    follow();
  }

  // data-state is "drawing", then "ready" or "failed". What stood there before stays if it fails.
  async function draw(root) {
    near.unobserve(root);
    if (root.dataset.state) return;
    root.dataset.state = "drawing";
    const before = [...root.childNodes];
    const held = root.contains(document.activeElement); // then the focus must not be lost
    try {
      root.replaceChildren();
      await kinds[root.dataset.panel](root, JSON.parse(root.dataset.settings || "{}"));
      if (held) root.querySelector("input, select, button")?.focus();
      root.dataset.state = "ready";
    } catch (error) {
      root.dataset.state = "failed";
      root.replaceChildren(...before, h("p.error", { role: "alert" },
        `This panel does not work here. ${error.message}`));
    }
  }

  // Browsers do not find the place of an address with settings, such as #05-lab?epochs=3.
  async function follow() {
    const { root } = linked();
    if (!kinds[root?.dataset.panel]) return;
    await draw(root);
    root.scrollIntoView();
  }
  function linked() {
    const [id, ...query] = location.hash.slice(1).split("?");
    return { root: document.getElementById(id), query: new URLSearchParams(query.join("?")) };
  }
  addEventListener("hashchange", follow);

  function recording(name) {
    return recordings[name] ??= new Promise((resolve, reject) => {
      waiting[name] = resolve;
      const failed = () => reject(new Error(`The recording ${name}.js could not be loaded.`));
      document.head.append(h("script", { src: new URL(`${name}.js`, base).href, onerror: failed }));
    });
  }
  const recorded = (name, data) => waiting[name]?.(data);

  // ------------------------------------------------------------------------------ small builders
  // An element: h("p.note", { id: "some" }, ...children) has the class lessons-note, h(".note") is
  // a div. Attributes may be left out; what begins with "on" is a listener. Children are texts,
  // elements and controls, or lists of them; null is none.
  const h = maker("http://www.w3.org/1999/xhtml");
  const svg = maker("http://www.w3.org/2000/svg");
  function maker(namespace) {
    return (what, ...children) => {
      const [tag, ...classes] = what.split(".");
      const element = document.createElementNS(namespace, tag || "div");
      if (classes.length) element.classList.add(...classes.map((name) => `lessons-${name}`));
      const given = children[0]?.constructor === Object && !children[0].element;
      for (const [name, value] of Object.entries(given ? children.shift() : {})) {
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else element.setAttribute(name, value);
      }
      const shown = children.flat().filter((child) => child != null);
      element.append(...shown.map((child) => child.element ?? child));
      return element;
    };
  }
  const head = (title, ...more) => h(".head", h("b", title), ...more);
  const image = (kind, alt, ...children) => // whose text says all that is in it
    h(`.${kind}`, { role: "img", "aria-label": alt }, ...children);
  let number = 0;
  const newId = () => `lessons-${number++}`;

  // The value of a control and who listens to it. `show` draws a value.
  function control(values, value, show) {
    const listeners = [];
    show(value);
    return {
      values,
      listen: (listener) => listeners.push(listener),
      get value() { return value; },
      set value(wanted) {
        const changed = wanted !== value;
        show(value = wanted);
        if (changed) listeners.forEach((listener) => listener(value));
      },
    };
  }

  // A slider over some values and a number box, both always equal. A typed number is replaced by
  // the nearest value; arrow keys in the box go to the next one. `unit` stands behind the number.
  function dial(name, values, value, unit = "") {
    const id = newId();
    const slider = h("input", { type: "range", id, min: 0, max: values.length - 1, step: 1,
      oninput: () => { made.value = values[slider.value]; } });
    const box = h("input.number", { type: "number", step: "any", min: values[0], max: values.at(-1),
      "aria-label": `${name}, as a number`, inputmode: "decimal",
      onchange: () => { made.value = box.value === "" ? made.value : nearest(+box.value); },
      onkeydown: (event) => {
        const step = { ArrowUp: 1, ArrowDown: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        made.value = values[values.indexOf(nearest(+box.value)) + step] ?? made.value;
      } });
    const nearest = (typed) => values.reduce((a, b) =>
      Math.abs(b - typed) < Math.abs(a - typed) ? b : a);
    const made = control(values, value, (now) => {
      slider.value = values.indexOf(now);
      slider.setAttribute("aria-valuetext", `${now} ${unit}`.trim());
      box.value = now;
    });
    made.element = h(".row", h("label", { for: id }, name), slider, box, h("span.unit", unit));
    return made;
  }

  // A menu of texts. `radios` asks the same with everything in sight, and begins without an answer.
  function choice(name, options, value = options[0]) {
    const id = newId();
    const menu = h("select", { id, onchange: () => { made.value = menu.value; } },
      options.map((option) => h("option", option)));
    const made = control(options, value, (now) => { menu.value = now; });
    made.element = h(".row", h("label", { for: id }, name), menu);
    return made;
  }
  function checkBox(name, value) {
    const box = h("input", { type: "checkbox", onchange: () => { made.value = box.checked; } });
    const made = control([true, false], value, (now) => { box.checked = now; });
    made.element = h("label.check", box, name);
    return made;
  }
  function radios(question, options) {
    const group = newId();
    const inputs = options.map((option) => h("input", { type: "radio", name: group,
      onchange: () => { made.value = option; } }));
    const made = control(options, null, (now) =>
      inputs.forEach((input, i) => { input.checked = options[i] === now; }));
    made.inputs = inputs;
    made.element = h("fieldset.choice", h("legend.question", question),
      options.map((option, i) => h("label", inputs[i], h("span", option))));
    return made;
  }

  // A button that can be off and keeps the focus then. `enable(false, button)` turns it off.
  function button(name, act, { primary = false } = {}) {
    return h(primary ? "button.primary" : "button", { type: "button",
      onclick: ({ currentTarget }) => currentTarget.ariaDisabled !== "true" && act() }, name);
  }
  const enable = (on, ...some) => some.forEach((one) => { one.ariaDisabled = String(!on); });
  const buttons = (...members) => h(".buttons", ...members);

  // Play takes the control that `now` gives from value to value, a whole number each, to the last
  // one or until Pause. From the last one it begins at `start` again.
  function player(now, start, pace) {
    let timer = 0;
    const atEnd = () => now().value === now().values.at(-1);
    const pause = () => {
      timer = clearInterval(timer);
      element.textContent = "Play";
    };
    const beat = () => {
      if (!atEnd()) now().value += 1;
      if (atEnd()) pause();
    };
    const element = button("Play", () => {
      if (timer) return pause();
      if (atEnd()) now().value = start;
      timer = setInterval(beat, pace);
      element.textContent = "Pause";
    }, { primary: true });
    return { element, pause };
  }

  // A line of text that screen readers read out when it changes: say("text"), say("text", true).
  function statusLine() {
    const element = h("p.status", { role: "status" });
    const say = (text, error = false) => {
      element.textContent = text;
      element.classList.toggle("lessons-error", error);
    };
    return { element, say };
  }

  // A button that copies a text and shows it, so that it can be had where there is no clipboard.
  function copier(name, text, told) {
    const shown = h("pre.code", { tabindex: 0, role: "region", "aria-label": name });
    const element = h("div", button(name, async () => {
      shown.textContent = text();
      element.append(shown);
      const copied = await navigator.clipboard?.writeText(text()).then(() => true, () => false);
      if (!copied) getSelection().selectAllChildren(shown);
      told(copied ? "Copied." : "Here it is, selected: copy it as you copy any text.");
    }));
    return { element };
  }

  // A table that scrolls sideways where it is too wide, by keyboard too. The cells of `rows` are
  // texts, or elements as they are to be.
  function table(caption, heads, rows) {
    const cell = (one) => (one instanceof Node ? one : h("td", String(one)));
    return h(".table", { tabindex: 0, role: "region", "aria-label": caption }, h("table",
      h("caption", caption), h("tr", heads.map((name) => h("th", { scope: "col" }, name))),
      rows.map((cells) => h("tr", cells.map(cell)))));
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
  // Lines over two axes, and their names. A series is { kind, name, points: [[x, y], ...], note };
  // its kind, of MARKS, decides marker, dash and colour; `note` is at its first point; `look`
  // may be "thin" (dotted) or "smooth", both without markers. Points that are NaN or infinite are
  // left out. It belongs into an `image`, with a text that says all in words and numbers.
  function plot({ title = "", xlabel, ylabel, xmin = 0, xmax, ymax, series, legend = true,
    written = (value) => (value < 1e5 ? String(value) : value.toExponential()) }) {
    const [left, top, width, height] = [58, 26, 334, 186];
    const id = newId();
    const x = (value) => left + (width * (value - xmin)) / (xmax - xmin);
    const y = (value) => top + height - (height * value) / ymax;
    const text = (words, x, y, at) => svg("text", { x, y, "text-anchor": "middle", ...at }, words);
    const across = ticks(xmax, xmin, true).map((value) => text(value, x(value), top + height + 16));
    const up = ticks(ymax).flatMap((value) => [
      svg("path.grid", { d: `M${left} ${y(value)}h${width}` }),
      text(written(value), left - 6, y(value) + 4, { "text-anchor": "end" })]);
    const lines = series.map(({ points, note, ...how }) => {
      const seen = points.filter((point) => point.every(Number.isFinite));
      const places = seen.map((point) => `${x(point[0]).toFixed(1)} ${y(point[1]).toFixed(1)}`);
      const drawn = line(how, places.length ? `M${places.join("L")}` : "", places);
      if (note && seen.length) drawn.append(text(note, x(seen[0][0]) - 10, y(seen[0][1]) + 4));
      return drawn;
    });
    const inside = svg("clipPath", { id }, // lines may leave the axes, and marks lie on them
      svg("rect", { x: left - 20, y: top - 6, width: width + 26, height: height + 12 }));
    const drawn = svg("svg", { viewBox: "0 0 400 250", "aria-hidden": true }, inside, up, across,
      text(title, left, 15, { class: "lessons-title", "text-anchor": "start" }),
      text(xlabel, left + width / 2, 246),
      text(ylabel, 0, 0, { transform: `translate(12 ${top + height / 2}) rotate(-90)` }),
      svg("path.axes", { d: `M${left} ${top}v${height}h${width}` }),
      svg("g", { "clip-path": `url(#${id})` }, lines));
    const names = series.filter(({ name }) => name).map((one) => h("span", svg("svg",
      { viewBox: "0 0 34 18", "aria-hidden": true }, line(one, "M2 9h30", ["17 9"])), one.name));
    return h(".plot", drawn, legend ? h(".legend", names) : null);
  }
  function line({ kind, look = "bold" }, d, places) {
    const marks = places.map((place) => `M${place}${MARKS[kind]}`).join("");
    return svg(`g.line.${kind}.${look}`, svg("path.dash", { d }), svg("path.mark", { d: marks }));
  }
  function ticks(most, least = 0, whole = false) {
    const rough = (most - least) / 6;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough && !(whole && n % 1));
    const [first, last] = [Math.ceil(least / step - 1e-9), Math.floor(most / step + 1e-9)];
    return Array.from({ length: last - first + 1 }, (_, i) => +((first + i) * step).toPrecision(6));
  }

  // ---------------------------------------------------------------------------------- the address
  // Keeps the settings of a panel in the address: #05-lab?epochs=12. They are read now and when the
  // address changes, in the order of `controls`, and written when someone changes a control. Of
  // what is not offered `told` gets a sentence. `show`, if there is one, is called now and at each
  // change. Gives back a function for the address as it is.
  function address(root, controls, told, show = () => {}) {
    let reading = false;
    const link = () => {
      const pairs = Object.entries(controls).map(([name, control]) => [name, control.value]);
      return `#${root.id}?${new URLSearchParams(pairs)}`;
    };
    const read = () => {
      const { root: meant, query } = linked();
      if (meant !== root) return;
      reading = true;
      const wrong = [...query.keys()].filter((name) => !Object.hasOwn(controls, name));
      for (const [name, control] of Object.entries(controls)) {
        if (!query.has(name)) continue;
        const value = control.values // if not, any text is welcome
          ? control.values.find((offered) => String(offered) === query.get(name)) : query.get(name);
        if (value === undefined) wrong.push(name);
        else control.value = value;
      }
      reading = false;
      if (wrong.length) told("The address asks for what is not offered here, which is left out: " +
        `${wrong.map((name) => `${name}=${query.get(name)}`).join(", ")}.`, true);
    };
    const write = () => {
      try {
        if (!reading) history.replaceState(null, "", link());
      } catch {} // Safari allows 100 in 30 seconds; the next one has all settings again
    };
    for (const control of Object.values(controls)) [show, write].forEach(control.listen);
    addEventListener("hashchange", read);
    show();
    read();
    return () => location.href.split("#")[0] + link();
  }
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  return { panel, recording, recorded, h, svg, head, image, control, dial, choice, checkBox, radios,
    button, enable, buttons, player, statusLine, copier, table, unpacked, fixed, format, percent,
    plot, address, still };
})();
