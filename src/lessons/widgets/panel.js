// Says to screen readers what ipywidgets leaves unsaid: the name and the value of each slider,
// the names of the buttons to play, and that the line about the state is one to read out.
(() => {
  const say = (element, attribute, text) => {
    if (element.getAttribute(attribute) !== text) element.setAttribute(attribute, text);
  };
  const sayAll = () => {
    for (const slider of document.querySelectorAll(".lessons-panel .widget-slider")) {
      const handle = slider.querySelector(".noUi-handle");
      if (!handle) continue;
      say(handle, "aria-label", slider.querySelector(".widget-label").textContent);
      say(handle, "aria-valuetext", slider.querySelector(".widget-readout").textContent);
    }
    for (const play of document.querySelectorAll(".lessons-panel .widget-play")) {
      const names = ["Play or pause", "Back to the start", "Play again and again"];
      play.querySelectorAll("button").forEach((button, i) => say(button, "aria-label", names[i]));
    }
    for (const line of document.querySelectorAll(".lessons-status")) say(line, "role", "status");
  };
  const what = {subtree: true, childList: true, characterData: true,
                attributeFilter: ["aria-valuetext"]};
  window.lessonsPanels?.disconnect();  // the cell was run again
  window.lessonsPanels = new MutationObserver(sayAll);
  window.lessonsPanels.observe(document.body, what);
  sayAll();
})();
