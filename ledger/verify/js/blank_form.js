// The blank form as it was shown, without anything that could reach out of it.

import { fold, make, paragraph } from "./dom.js";
import { isObject, tryJson } from "./json.js";

// The styles of a page are not in its form, and nothing may be loaded: these alone let it be read.
const FORM_STYLE = `{form_style}`;

/** The box whose words the receipt has, and what is scrolled to so that it can be seen with its heading. */
const BOX = "box-concerned";
const NEAR = "box-near";

const GONE = "base, embed, frame, iframe, link, meta, object, script, style";

const KEPT =
  /^(?:aria-.*|checked|class|cols|colspan|dir|disabled|for|hidden|id|lang|multiple|name|open|placeholder|readonly|required|role|rows|rowspan|selected|title|type|value)$/;

/**
 * The form in a frame without script, origin or network. Its links and addresses are taken out first, for a browser may
 * look up the host of a link that nobody follows.
 */
export function blankForm(html, words) {
  if (html.startsWith("{")) return toldForm(html, words);
  const { body, isThere } = withoutReach(html, words);
  const where = isThere
    ? "The words above stand beside the box that is marked."
    : words === undefined
      ? ""
      : "The words above were not found in it as they stand: look for them yourself.";
  const about = paragraph(
    `Its words and boxes, their order and what was ticked beforehand, as they were; without the page’s colours. Nothing in it works. ${where}`,
    { class: "small" },
  );
  const source = `<!doctype html><meta charset="utf-8"><style>${FORM_STYLE}</style>${body}`;
  const frame = make("iframe", { class: "blank", sandbox: "", title: "The blank form", srcdoc: source });
  const text = fold("Its HTML, letter for letter", () => make("pre", { class: "document", tabindex: "0" }, html));
  return make("div", {}, about, frame, text);
}

/** What others were told to draw: its texts in their order. */
function toldForm(text, words) {
  const form = tryJson(text);
  const boxes = Array.isArray(form?.boxes) ? form.boxes : [];
  const box = ({ name, words: beside }) =>
    make("li", {}, make("strong", {}, `${name}: `), beside === words ? make("mark", {}, words) : String(beside));
  const exact = fold("Letter for letter", () => make("pre", { class: "document", tabindex: "0" }, text));
  const about = "What the page was told to draw: fields, and boxes of which none is ticked beforehand.";
  return make("div", {}, paragraph(about, { class: "small" }), make("ul", {}, boxes.filter(isObject).map(box)), exact);
}

function withoutReach(html, words) {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const element of page.querySelectorAll(GONE)) element.remove();
  for (const element of page.querySelectorAll("*")) {
    for (const { name } of Array.from(element.attributes)) if (!KEPT.test(name)) element.removeAttribute(name);
  }
  // Classes that no form can bring along itself.
  for (const name of [BOX, NEAR])
    for (const element of page.querySelectorAll(`.${name}`)) element.classList.remove(name);
  const box = words === undefined ? undefined : boxOf(page, spaced(words));
  box?.classList.add(BOX);
  box?.parentElement.closest("fieldset, [role=group], .field")?.classList.add(NEAR);
  return { body: page.body.outerHTML, isThere: box !== undefined };
}

function spaced(text) {
  return text.trim().replace(/\s+/g, " ");
}

/** The label with these words, and its box; undefined where none or more than one has them. */
function boxOf(page, words) {
  const labels = Array.from(page.querySelectorAll("label")).filter(
    (label) => spaced(label.textContent).endsWith(words) && label.control?.type === "checkbox",
  );
  if (labels.length !== 1) return undefined;
  const [label] = labels;
  const { control, parentElement } = label;
  return !label.contains(control) && parentElement.contains(control) ? parentElement : label;
}
