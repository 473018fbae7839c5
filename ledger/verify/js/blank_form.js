// The blank form as it was shown, without anything that could reach out of it.

import { fold, make, paragraph } from "./dom.js";

// The styles of a page are not in its form, and nothing may be loaded: these alone let it be read.
const FORM_STYLE = `{form_style}`;

const GONE = "base, embed, frame, iframe, link, meta, object, script, style";

const KEPT =
  /^(?:aria-.*|checked|class|cols|colspan|dir|disabled|for|hidden|id|lang|multiple|name|open|placeholder|readonly|required|role|rows|rowspan|selected|title|type|value)$/;

/**
 * The form in a frame without script, origin or network. Its links and addresses are taken out first, for a browser may
 * look up the host of a link that nobody follows.
 */
export function blankForm(html) {
  const about = paragraph(
    "Its words and boxes, their order and what was ticked beforehand, as they were; without the page’s colours. Nothing in it works.",
    { class: "small" },
  );
  const source = `<!doctype html><meta charset="utf-8"><style>${FORM_STYLE}</style>${withoutReach(html)}`;
  const frame = make("iframe", { class: "blank", sandbox: "", title: "The blank form", srcdoc: source });
  const text = fold("Its HTML, letter for letter", () => make("pre", { class: "document", tabindex: "0" }, html));
  return make("div", {}, about, frame, text);
}

function withoutReach(html) {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const element of page.querySelectorAll(GONE)) element.remove();
  for (const element of page.querySelectorAll("*")) {
    for (const { name } of Array.from(element.attributes)) if (!KEPT.test(name)) element.removeAttribute(name);
  }
  return page.body.outerHTML;
}
