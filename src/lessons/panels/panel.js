// What ipywidgets leaves undone in the panel in which this stands: names for screen readers, radio
// buttons as one group, and the arrow keys for the control that has the focus, not the notebook.
const say = (element, attribute, text) => {
  if (element.getAttribute(attribute) !== text) element.setAttribute(attribute, text);
};
const keepKeys = (element) => say(element, "data-lm-suppress-shortcuts", "true");
const text = (element, selector) => element.querySelector(selector)?.textContent ?? "";

function tendSliders(panel) {
  for (const slider of panel.querySelectorAll(".widget-slider")) {
    const handle = slider.querySelector(".noUi-handle");
    if (!handle) continue;
    keepKeys(handle);
    say(handle, "aria-label", text(slider, ".widget-label"));
    say(handle, "aria-valuetext", text(slider, ".widget-readout"));
  }
}

function tendRadios(panel) {
  for (const [number, box] of panel.querySelectorAll(".widget-radio-box").entries()) {
    say(box, "role", "radiogroup");
    say(box, "aria-label", text(box.parentElement, ".widget-label"));
    for (const input of box.querySelectorAll("input")) {
      input.name ||= `${panel.id}-${number}`;
      keepKeys(input);
    }
  }
}

function tend(panel) {
  tendSliders(panel);
  tendRadios(panel);
  panel.querySelectorAll("select").forEach(keepKeys);
  for (const play of panel.querySelectorAll(".widget-play")) {
    const names = ["Play or pause", "Back to the start", "Play again and again"];
    play.querySelectorAll("button").forEach((button, i) => say(button, "aria-label", names[i]));
  }
  for (const line of panel.querySelectorAll(".lessons-status")) say(line, "role", "status");
}

let panels = 0; // ids for the panels of this page

function render({ el }) {
  const changes = { subtree: true, childList: true, characterData: true };
  changes.attributeFilter = ["aria-valuetext"]; // the slider writes its own there
  const observer = new MutationObserver(() => tend(panel));
  let panel = null;
  let frame = 0;
  const begin = () => { // the front end puts it into its panel only after this function
    panel = el.closest(".lessons-panel");
    if (!panel) {
      frame = requestAnimationFrame(begin);
      return;
    }
    panel.id ||= `lessons-panel-${panels++}`;
    observer.observe(panel, changes);
    tend(panel);
  };
  begin();
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
  };
}

export default { render };
