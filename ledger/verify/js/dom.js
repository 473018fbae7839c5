// Making elements. Nothing that was given is ever read as HTML: texts are texts.

/** An element with attributes and children; children that are missing are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== undefined && value !== false) element.setAttribute(name, value);
  }
  const held = children.flat().filter((child) => child !== undefined && child !== null && child !== false);
  element.append(...held.map(visible));
  return element;
}

/** An element of the page by its id. */
export function byId(id) {
  return document.getElementById(id);
}

/** A part that unfolds; `fill` makes its content the first time that it does. */
export function fold(title, fill, attributes = {}) {
  const part = make("details", { class: "fold", ...attributes }, make("summary", {}, title));
  part.addEventListener("toggle", () => part.append(fill()), { once: true });
  return part;
}

/** A term and what is said of it; undefined where nothing is. */
export function row(term, id, ...said) {
  const held = said.flat().filter((child) => child !== undefined && child !== null && child !== "");
  return held.length === 0 ? undefined : make("div", {}, make("dt", {}, term), make("dd", { "data-say": id }, held));
}

export function paragraph(text, attributes = {}) {
  return text === undefined ? undefined : make("p", attributes, text);
}

/**
 * A text in which nothing turns the order of what is read: marks that change the direction, and control characters,
 * are shown by their number.
 */
function visible(child) {
  if (typeof child !== "string") return child;
  const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
  return child.replace(hidden, (mark) => `[U+${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}]`);
}
