// Leaves the arrow keys to a list that has the focus: the notebook would take them for itself.
(() => {
  const suppressAll = () => {
    for (const list of document.querySelectorAll(".lessons-panel select")) {
      list.setAttribute("data-lm-suppress-shortcuts", "true");
    }
  };
  window.lessonsSelects?.disconnect();  // the cell was run again
  window.lessonsSelects = new MutationObserver(suppressAll);
  window.lessonsSelects.observe(document.body, {subtree: true, childList: true});
  suppressAll();
})();
