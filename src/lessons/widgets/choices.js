// Makes one group of what ipywidgets draws as single radio buttons: the arrow keys move in it (and
// not in the notebook), and a screen reader says its question.
(() => {
  let groups = 0;
  const groupAll = () => {
    for (const box of document.querySelectorAll(".lessons-choice .widget-radio-box")) {
      const name = box.dataset.lessonsGroup ??= `lessons-${Date.now()}-${groups++}`;
      for (const input of box.querySelectorAll("input")) {
        input.name ||= name;
        input.setAttribute("data-lm-suppress-shortcuts", "true");
      }
      const question = box.parentElement.querySelector(".widget-label").textContent;
      if (box.getAttribute("aria-label") === question) continue;
      box.setAttribute("role", "radiogroup");
      box.setAttribute("aria-label", question);
    }
  };
  window.lessonsChoices?.disconnect();  // the cell was run again
  window.lessonsChoices = new MutationObserver(groupAll);
  window.lessonsChoices.observe(document.body, {subtree: true, childList: true});
  groupAll();
})();
