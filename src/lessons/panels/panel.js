// What ipywidgets does not do, for the panel around this element: names for screen readers, radio
// buttons as one group, arrow keys for the control that has the focus, not for the notebook, and
// links to other notebooks.
const set = (element, attribute, text) => {
  if (element.getAttribute(attribute) !== text) element.setAttribute(attribute, text);
};
const keepKeys = (element) => set(element, "data-lm-suppress-shortcuts", "true");
const text = (element, selector) => element.querySelector(selector)?.textContent ?? "";

function tendSliders(panel) {
  for (const slider of panel.querySelectorAll(".widget-slider")) {
    const handle = slider.querySelector(".noUi-handle");
    if (!handle) continue;
    keepKeys(handle);
    set(handle, "aria-label", text(slider, ".widget-label"));
    set(handle, "aria-valuetext", text(slider, ".widget-readout"));
  }
}

function tendRadios(panel) {
  for (const [number, box] of panel.querySelectorAll(".widget-radio-box").entries()) {
    set(box, "role", "radiogroup");
    set(box, "aria-label", text(box.parentElement, ".widget-label"));
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
    play.querySelectorAll("button").forEach((button, i) => set(button, "aria-label", names[i]));
  }
  for (const line of panel.querySelectorAll(".lessons-status")) set(line, "role", "status");
  copyCode(panel);
}

// The kernel answers the button "Copy as code" with a cell in the panel. It is copied if it was asked
// for on this page, and it stays to be selected where a page may not write to the clipboard.
function copyCode(panel) {
  const code = panel.querySelector("pre.lessons-code");
  if (!code || !panel.asked || code === panel.asked.before) return;
  panel.asked = null;
  const tell = (sentence) => { code.nextElementSibling.textContent = sentence; };
  const copied = navigator.clipboard?.writeText(code.textContent) ?? Promise.reject();
  copied.then(() => tell("Copied."), () => tell("Here it is: select it and copy it."));
}

function ask(event) {
  const panel = event.currentTarget;
  if (event.target.closest(".lessons-copy"))
    panel.asked = { before: panel.querySelector("pre.lessons-code") };
}

// In JupyterLab a link to a notebook opens it beside this one, and not in a page of its own: the
// address of the page tells in which folder the notebook is that is being read.
function openInLab(event) {
  const link = event.target.closest("a.lessons-open");
  const here = decodeURI(location.pathname).match(/\/lab(?:\/workspaces\/[^/]+)?\/tree\/(.*\/)?[^/]*$/);
  if (!link || !here) return;
  const path = (here[1] ?? "") + decodeURI(link.getAttribute("href"));
  set(link, "data-commandlinker-command", "docmanager:open");
  set(link, "data-commandlinker-args", JSON.stringify({ path }));
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
    panel.addEventListener("click", openInLab);
    panel.addEventListener("click", ask, true); // before the kernel hears of it
    tend(panel);
  };
  begin();
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
  };
}

export default { render };
