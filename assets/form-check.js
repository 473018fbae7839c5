// On pages of ours whose form asks for a bot check: works on it while the form is filled in, and says so where it is waited for.
// Without an answer the form is sent as one from a browser without script is.
import solve from "/altcha.js";

// A challenge is good for half an hour.
const GOOD_FOR = 20 * 60 * 1000;

for (const form of document.querySelectorAll("form[data-check]")) {
  const field = form.elements.altcha;
  const status = form.querySelector("[role=status]");
  let work, begun = 0, sending = false;

  const begin = () => {
    if (!work || Date.now() - begun > GOOD_FOR) {
      begun = Date.now();
      work = solve("/api/v1/", form.dataset.check).catch(() => "");
    }
    return work;
  };

  form.addEventListener("input", begin);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    sending = true;
    status.textContent = "One moment: your browser works on a small task that keeps programs away.";
    field.value = await begin();
    HTMLFormElement.prototype.submit.call(form);
  });
  // Whoever comes back to this page sends with another one.
  addEventListener("pageshow", () => {
    work = undefined;
    sending = false;
    status.textContent = field.value = "";
  });
}
