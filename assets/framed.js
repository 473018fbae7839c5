// In the form that a page elsewhere frames: tells that page alone how tall the form is, and leads whoever went on to its
// beginning.
(() => {
  "use strict";
  const root = document.documentElement;
  const begin = document.querySelector("[autofocus]");
  begin?.focus();
  const host = root.dataset.host;
  if (!host || parent === window) return;
  const tell = (more) => {
    const height = Math.ceil(root.getBoundingClientRect().height);
    parent.postMessage({ assent: "height", height, ...more }, host);
  };
  addEventListener("message", (event) => {
    if (event.source === parent && event.origin === host && event.data?.assent === "height") tell();
  });
  new ResizeObserver(() => tell()).observe(root);
  if (begin) tell({ next: true });
})();
