// For pages that frame a form of ours: makes each frame as tall as the form in it says.
(() => {
  "use strict";
  const ours = new URL(document.currentScript.src).origin;
  const frames = () => [...document.getElementsByTagName("iframe")];
  addEventListener("message", ({ origin, source, data }) => {
    if (origin !== ours || data?.assent !== "height" || !(data.height > 0 && data.height < 20000)) return;
    const frame = frames().find((one) => one.contentWindow === source);
    if (!frame) return;
    frame.style.height = data.height + "px";
    // The next step begins at the top.
    if (data.next && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
  });
  // Those that were there before this script; one that is not loaded yet has a document that is the page's own.
  for (const frame of frames()) {
    if (frame.src.startsWith(ours + "/embed/") && !frame.contentDocument)
      frame.contentWindow?.postMessage({ assent: "height" }, ours);
  }
})();
