// Besides htmx. Every page works without either.
(() => {
  "use strict";
  const replace = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    document.title = page.title;
    document.body.replaceWith(document.adoptNode(page.body));
    window.htmx?.process(document.body);
    scrollTo(0, 0);
    document.getElementById("errors")?.focus();
  };

  // Forms with `data-progress` tell how far files have come.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-progress]") || event.defaultPrevented) return;
    event.preventDefault();
    const bar = form.querySelector("progress");
    const says = form.querySelector("[data-says]");
    const sending = new XMLHttpRequest();
    const lock = (on) => form.querySelectorAll("button").forEach((button) => { button.disabled = on; });
    sending.upload.onprogress = (sent) => {
      bar.hidden = false;
      bar.value = sent.loaded / sent.total;
      says.textContent = Math.floor(bar.value * 100) + "%";
    };
    sending.upload.onload = () => { says.textContent = form.dataset.sent; bar.removeAttribute("value"); };
    sending.onerror = () => { says.textContent = form.dataset.broken; bar.hidden = true; lock(false); };
    sending.onload = () => {
      if (sending.status > 299 || sending.responseURL === form.action) replace(sending.responseText);
      else location.assign(sending.responseURL);
    };
    sending.open("POST", form.action);
    sending.send(new FormData(form, event.submitter));
    lock(true);
  });

  // Buttons with `data-copy` copy what stands in a field, where browsers let pages do that.
  if (navigator.clipboard) document.querySelectorAll("[data-copy]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy);
      const copied = await navigator.clipboard.writeText(field.value).then(() => true, () => false);
      if (!copied) field.select();
      button.parentElement.querySelector("[role=status]").textContent = copied ? "Copied" : "Copy the marked text";
    });
  });

  // htmx asked for part of a page and got another page, such as sign-in: go there. While the server can't
  // answer, what stands there stays.
  document.addEventListener("htmx:before:response", (event) => {
    const answer = event.detail.ctx.response;
    if (!answer.raw.redirected && answer.status < 400) return;
    event.preventDefault();
    if (answer.status < 500) location.assign(answer.raw.url);
  });
})();
