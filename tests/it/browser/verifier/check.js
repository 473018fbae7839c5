// Gives the verifier page these texts, one after the other, in place of what it was given before (or beside that, if
// it is to be kept), and tells what it says of all of them.
const [texts, keep, done] = arguments;
const verdict = document.getElementById("verdict");
const settled = () =>
  new Promise((resolve) => {
    const look = () => (["none", "checking"].includes(verdict.dataset.verdict) ? setTimeout(look, 2) : resolve());
    look();
  });
const all = (css, told) => Array.from(document.querySelectorAll(css), told);
(async () => {
  if (!keep) for (let given; (given = document.querySelector("#given button")); ) given.click();
  for (const text of texts) {
    document.getElementById("text").value = text;
    document.getElementById("check").click();
    await settled();
  }
  await settled();
  // What stands in a fold is read too.
  document.getElementById("checked").open = true;
  done({
    verdict: verdict.dataset.verdict,
    kind: verdict.dataset.kind,
    key: verdict.dataset.key,
    confirmed: verdict.dataset.confirmed,
    title: document.getElementById("verdict-title").textContent,
    faults: all("#verdict li[data-fault]", (item) => item.dataset.fault),
    uncompared: all("#verdict li[data-uncompared]", (item) => item.textContent),
    steps: Object.fromEntries(all("#steps li[data-step]", (item) => [item.id, item.dataset.state])),
  });
})();
