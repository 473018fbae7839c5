// The list of steps, each told as it becomes known.

import { byId, make } from "./dom.js";
import { TITLES } from "./steps.js";

const SIGNS = {
  ok: ["✓", "agrees"],
  failed: ["✗", "does not agree"],
  part: ["!", "compared in part"],
  open: ["–", "not checked"],
  waiting: ["", "waiting"],
};

/**
 * Whoever hears of steps and writes them into the page, for as long as `isCurrent` says so; `title` says what they are
 * of, where there are several things.
 */
export function stepsView({ prefix, title }, isCurrent) {
  return (step, ids) => {
    if (!isCurrent()) return;
    if (step !== null) return byId(`${prefix}step-${step.id}`).replaceWith(item(prefix, step));
    if (title) byId("steps").append(make("li", { class: "group" }, title));
    byId("steps").append(...ids.map((id) => item(prefix, { id, state: "waiting" })));
  };
}

function item(prefix, { id, state, said }) {
  const [sign, word] = SIGNS[state];
  return make(
    "li",
    { id: `${prefix}step-${id}`, "data-step": id, "data-state": state },
    make("span", { class: "sign", "aria-hidden": "true" }, sign),
    make("h3", {}, TITLES[id], make("span", { class: "state" }, ` – ${word}`)),
    said && make("p", {}, said),
  );
}
