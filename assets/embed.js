// <assent-form report="SLUG"><a href="LANDING">Get the report</a></assent-form>, or `newsletters`. The link shows where the form can’t.
(() => {
  "use strict";
  const script = document.currentScript;
  if (!script || !("adoptedStyleSheets" in document) || customElements.get("assent-form")) return;
  const api = new URL(script.src).origin + "/api/v1/";

  const optional = " (optional)";
  const SAY = {
    0: "We got no answer. What you typed is still here. Please send it again, or try here:",
    410: "This form is no longer offered. There is more here:",
    429: "That was too often. Please wait a few minutes and send it again.",
    503: "This form can’t be reached at the moment. Please try again later, or here:",
    rests: "This form is paused for now. Please try again later today:",
    stale: "This form changed while it was open. What you typed is kept; boxes whose words changed are no longer ticked. Please check them and send it again.",
    comes: ". As long as we can write to this address, it should arrive within minutes. Follow the link in it, or enter its code here, to confirm:",
    missing: "If it doesn’t arrive, look in your spam folder, and make sure that the address above is right.",
    again: "As long as we can write to this address, our message comes again.",
    thanks: "Thank you for confirming. We will email you a record, with a link to change it.",
  };

  const colours = {
    surface: ["#fff", "#201d25"], ink: ["#211f26", "#eeeaf0"], muted: ["#5d5866", "#b7b0bf"], edge: ["#746e7c", "#958d9f"],
    brand: ["#4a2a5e", "#d3b4e6"], "brand-ink": ["#fff", "#2a1236"], error: ["#a5251c", "#ffa194"], focus: ["#b3500c", "#ffb469"],
  };
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
:host { display: block; ${Object.keys(colours).map((name) => `--${name}: var(--assent-${name}, light-dark(${colours[name]}))`).join(";")} }
:host([hidden]) { display: none }
* { box-sizing: border-box; margin: 0 }
.box { padding: var(--assent-padding, clamp(1em, 4vw, 2em)); border: 1px solid color-mix(in srgb, var(--edge) 35%, var(--surface)); background: var(--surface); color: var(--ink); font-family: var(--assent-font, inherit); font-size: var(--assent-font-size, 1em); line-height: 1.5; text-align: start; overflow-wrap: break-word }
.box, input, .button, .errors { border-radius: var(--assent-radius, 4px) }
:focus-visible, .errors:focus { outline: 3px solid var(--focus); outline-offset: 3px }
.heading { margin-bottom: .5em; font-family: var(--assent-heading-font, inherit); font-size: 1.4em; line-height: 1.25; outline: none }
.errors .heading { font-size: 1.15em }
p { margin-bottom: 1em }
.status { padding-left: .75em; border-left: solid var(--brand) }
a, summary, .plain { color: var(--brand); text-underline-offset: .2em; cursor: pointer }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.field, details { min-width: 0; margin-bottom: 1.5em; padding: 0; border: 0 }
.label, summary { display: block; padding: 0; font-weight: 600 }
summary { display: list-item; padding: .3em 0 }
[open] > summary { margin-bottom: 1em }
.hint, .note { color: var(--muted); font-size: .9em }
.hint, .error, .label { margin-bottom: .3em }
.error, .errors a { color: var(--error); font-weight: 600 }
.bad { padding-left: 1em; border-left: 4px solid var(--error) }
input { accent-color: var(--brand); font: inherit }
.input { display: block; width: 100%; padding: .6em .75em; border: 1.5px solid var(--edge); background: var(--surface); color: inherit }
.input[inputmode] { max-width: 11em; letter-spacing: .15em }
.input[aria-invalid] { border: 2px solid var(--error) }
.check { display: flex; flex-wrap: wrap; gap: .25em .75em; margin-top: .75em }
.check input { flex: none; width: 1.5em; height: 1.5em }
.check label { flex: 1 1 9em; min-width: 0 }
strong { display: block }
.under { margin: .4em 0 0 2.5em; font-size: .9em }
.button { display: block; width: 100%; padding: .8em 1.4em; border: 2px solid var(--brand); background: var(--brand); color: var(--brand-ink); font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer }
.second { margin-bottom: 1em; background: none; color: var(--brand) }
.note { margin: .9em 0 }
.plain { padding: .3em 0; border: 0; background: none; font: inherit; text-decoration: underline }
.errors { margin-bottom: 1.5em; padding: 1em; border: 3px solid var(--error) }
ul { margin-bottom: 1em; padding-left: 1.2em }
.errors ul { margin: 0; padding: 0; list-style: none }
.status:empty { margin: 0; border: 0 }
`);

  // Classes are parts, too; functions become listeners.
  const h = (name, attributes, ...children) => {
    const [tag, ...classes] = name.split(".");
    const element = document.createElement(tag);
    if (classes.length) element.className = element.part = classes.join(" ");
    for (const [key, value] of Object.entries(attributes || {})) {
      if (typeof value === "function") element.addEventListener(key, value);
      else if (value) element.setAttribute(key, value);
    }
    element.append(...children.flat().filter(Boolean));
    return element;
  };

  const ask = async (path, body, key) => {
    try {
      const answer = await fetch(api + path, {
        credentials: "omit", signal: AbortSignal.timeout(20000),
        ...body && { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", ...key && { "idempotency-key": key } } },
      });
      return { status: answer.status, told: answer.ok ? await answer.json() : await answer.json().catch(() => ({})) };
    } catch {
      return { status: 0, told: {} };
    }
  };

  const start = (host) => {
    const report = host.getAttribute("report");
    const path = "forms/" + encodeURIComponent(report ?? "newsletters");
    const level = parseInt(host.getAttribute("heading-level"), 10) || 2;
    const root = host.attachShadow({ mode: "open" });
    const status = h("p.status", { role: "status" });
    const place = h("div");
    const box = h("div.box", null, status, place);
    let form, tongue, asked, busy, key, sent, work, typed = {}, ticked = {};
    root.adoptedStyleSheets = [sheet];
    root.append(h("slot"));

    const fires = (name) => host.dispatchEvent(new CustomEvent("assent:" + name, { bubbles: true, composed: true, detail: { report } }));
    const heading = (text, id = "title") => h(`h${level}.heading`, { id, tabindex: "-1" }, text);
    const button = (text, act) => h("button.button" + (act ? ".second" : ""), { type: act && "button", click: act }, text);

    const shows = (focus, ...content) => {
      status.textContent = "";
      place.replaceChildren(...content.flat().filter(Boolean));
      if (!box.isConnected) root.replaceChildren(box);
      if (focus) root.getElementById(focus).focus();
    };
    const instead = (sentence) => shows(null, h("p", null, sentence), h("slot"));

    // The summary has errors in the order of their places.
    const refused = (errors, withLink) => {
      const items = [], left = new Set(errors);
      return {
        of: (id, also = id) => errors.filter(({ field }) => field === id || field === also).map((error, i) => {
          left.delete(error);
          items.push(h("a", { href: "#" + id, click: (event) => { event.preventDefault(); root.getElementById(id).focus(); } }, error.message));
          return h("p.error", { id: `${id}-error${i}` }, h("span.hidden", null, "Error: "), error.message);
        }),
        summary: () => errors[0] && h("div.errors", { id: "errors", role: "alert", tabindex: "-1", "aria-labelledby": "errors-title" },
          heading("There is a problem", "errors-title"),
          h("ul", null, [...items, ...[...left].map(({ message }) => message)].map((it) => h("li", null, it))),
          withLink && h("slot")),
      };
    };
    const described = (bad, more) => ({ "aria-invalid": bad[0] && "true", "aria-describedby": [more, ...bad].map((it) => it?.id).join(" ").trim() });

    const field = ({ name, label, type, hint, required, autocomplete, inputmode }, value, errors) => {
      const bad = errors.of(name);
      const told = hint && h("p.hint", { id: name + "-hint" }, hint);
      return h("div.field" + (bad[0] ? ".bad" : ""), null,
        h("label.label", { for: name }, label, !required && optional), told, bad,
        h("input.input", { id: name, name, type, autocomplete, inputmode, value, ...described(bad, told) }));
    };

    // What a tick was for.
    const meaning = (it) => it.sha256 + (it.purpose === "privacy-policy" && form.policy.sha256);
    const boxes = (id, legend, offers, bad, under) => offers[0] && h("fieldset.field" + (bad[0] ? ".bad" : ""), null,
      h("legend.label", null, legend), bad,
      offers.map((it, i) => h("div.check", null,
        h("input.checkbox", { type: "checkbox", id: id + (i || ""), name: it.purpose, checked: ticked[it.purpose] === meaning(it) && "true", ...described(bad, under) }),
        h("label", { for: id + (i || "") }, !under && h("strong", null, it.name), it.words))), under);

    const once = async (act) => {
      if (busy) return;
      busy = true;
      status.textContent = "Sending…";
      await act().finally(() => { busy = false; });
    };
    const refusals = ({ status: code, told }) => told.errors?.[0] ? told.errors : [{ message: SAY[code] || told.detail || SAY[0] }];

    const fill = (focus, refusal = [], withLink) => {
      const { boxes: all, fields, policy } = form;
      const errors = refused(refusal, withLink);
      const on = new Date(policy.published_at).toLocaleDateString(tongue, { dateStyle: "long" });
      const letters = all.filter((it) => it.newsletter);
      const others = all.filter((it) => !it.newsletter && it.purpose !== "privacy-policy");
      const news = () => boxes("newsletter", (letters[1] ? "Newsletters" : "Newsletter") + (report === null ? "" : optional), letters, errors.of("newsletter"));
      const draw = (some) => some.map((it) => field(it, typed[it.name], errors));
      const more = fields.slice(1);
      const needed = more.some((it) => it.required);
      const filled = h("form.form", { novalidate: "true", submit: send },
        draw([fields[0]]),
        more[0] && h("details.details", { open: (needed || more.some(({ name }) => typed[name] || refusal.some((it) => it.field === name))) && "true" },
          h("summary", null, "Tell us who you are", !needed && optional), draw(more)),
        report === null && news(),
        boxes("consent", "Your agreement", all.filter((it) => it.purpose === "privacy-policy"), errors.of("consent", "policy"),
          h("p.under", { id: "policy" }, h("a", { href: policy.url, target: "_blank", rel: "noopener" }, `Privacy policy, version ${policy.label} of ${on}`, h("span.hidden", null, " (opens in a new tab)")))),
        report !== null && news(),
        boxes("purpose", (others[1] ? "Other choices" : "Another choice") + optional, others, errors.of("purpose")),
        h("div.hidden", { "aria-hidden": "true" }, h("label", { for: "website" }, "Leave this field empty"), h("input", { id: "website", name: "website", tabindex: "-1", autocomplete: "off" })),
        button(form.button), h("p.note", null, form.next));
      shows(focus, errors.summary(), heading(form.title), form.summary && h("p.summary", null, form.summary), filled);
    };

    const send = (event) => {
      event.preventDefault();
      const values = new FormData(event.target);
      form.fields.forEach(({ name }) => { typed[name] = values.get(name).trim(); });
      ticked = {};
      form.boxes.forEach((it) => { if (values.has(it.purpose)) ticked[it.purpose] = meaning(it); });
      const source = {};
      for (const [name, value] of new URLSearchParams(location.search)) {
        if (/^(utm_(source|medium|campaign|term|content)|ref)$/.test(name) && !/@|^$/.test(value)) source[name] = value;
      }
      const chosen = form.boxes.filter((it) => ticked[it.purpose] && it.purpose !== "privacy-policy");
      const body = {
        form: form.form, drawn_by: "element", report: report ?? "newsletters", ...typed, website: values.get("website"),
        newsletters: chosen.map((it) => it.newsletter).filter(Boolean),
        purposes: chosen.filter((it) => !it.newsletter).map((it) => it.purpose),
        consent: { accepted: !!ticked["privacy-policy"], policy: form.policy.label },
        notices: Object.fromEntries(form.boxes.map((it) => [it.purpose, it.sha256])),
        page: location.origin + location.pathname, source,
      };
      once(async () => {
        // Again after no answer.
        const now = JSON.stringify(body);
        if (sent !== now) {
          key = crypto.getRandomValues(new Uint32Array(4)).join("-");
          work = null;
        }
        if (form.check) work ||= await import(api + "../../altcha.js").then((it) => it.default(api, form.name)).catch(() => null);
        body.altcha = work;
        const answer = form.check && !work ? { told: {} } : await ask("signups", body, key);
        sent = [202, 422].includes(answer.status) ? null : now;
        if (answer.status === 202) {
          asked = answer.told;
          wait("title");
          return fires("submitted");
        }
        let errors = refusals(answer);
        if (errors.some((it) => it.code === "stale")) {
          const fresh = await ask(path);
          if (fresh.told.form) form = fresh.told;
          errors = [{ message: SAY.stale }, ...errors.filter((it) => it.field !== "form")];
        }
        fill("errors", errors, ![422, 429].includes(answer.status));
      });
    };

    const wait = (focus, refusal = [], code) => {
      const errors = refused(refusal);
      const mistyped = asked.did_you_mean;
      const entered = h("form.form", { novalidate: "true", submit: enter },
        field({ name: "code", label: "Six-digit code", hint: "It is below the link in the message.", autocomplete: "one-time-code", inputmode: "numeric", required: true }, code, errors),
        button("Confirm"));
      shows(focus, errors.summary(), heading("Check your inbox"), h("p", null, "Look for our email to ", h("b", null, typed.email), SAY.comes), mistyped && [h("p", null, "Did you mean ", h("b", null, mistyped), "?"), button(`Send it to ${mistyped} instead`, meant)],
        h("ul.chosen", null, [report !== null && form.title, ...form.boxes.filter((it) => ticked[it.purpose]).map((it) => it.name)].map((it) => it && h("li", null, it))), entered, h("p.note", null, SAY.missing),
        button("Send it again", again), h("button.plain", { type: "button", click: () => fill("email") }, "Use a different address"));
    };

    const enter = (event) => {
      event.preventDefault();
      const code = root.getElementById("code").value.trim();
      once(async () => {
        const answer = await ask("signups/code", { waiting: asked.waiting, code });
        if (answer.status !== 200) return wait("errors", refusals(answer), code);
        const { download } = answer.told;
        shows("title", heading(download ? "Your report is ready" : "Your subscription is confirmed"), h("p", null, SAY.thanks),
          download && h("a.button", { href: download + "/file" }, "Download the report"));
        fires("confirmed");
      });
    };

    const meant = () => once(async () => {
      const email = asked.did_you_mean;
      const answer = await ask("signups/instead", { waiting: asked.waiting, email });
      if (answer.status !== 202) return wait("errors", refusals(answer));
      typed.email = email;
      asked = answer.told;
      wait("title");
    });

    const again = () => once(async () => {
      const code = root.getElementById("code").value;
      const answer = await ask("signups/resend", { waiting: asked.waiting });
      if (answer.status !== 202) return wait("errors", refusals(answer), code);
      asked = answer.told;
      wait("title", [], code);
      status.textContent = SAY.again;
    });

    const load = async () => {
      const { status: code, told } = await ask(path);
      if (!told.form) {
        if (!code) addEventListener("online", load, { once: true });
        return instead(SAY[code === 404 ? 410 : code || 503] || SAY[503]);
      }
      if (told.resting) return instead(SAY.rests);
      form = told;
      box.lang = host.lang || form.lang;
      tongue = box.lang === "en" ? "en-GB" : box.lang;
      fill();
      fires("ready");
    };
    load();
  };

  customElements.define("assent-form", class extends HTMLElement {
    connectedCallback() {
      if (!this.shadowRoot) start(this);
    }
  });
})();
