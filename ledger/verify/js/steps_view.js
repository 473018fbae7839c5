// The list of steps, each told as it becomes known.

import { byId, make } from "./dom.js";
import { TITLES } from "./steps.js";

const SIGNS = {
  ok: ["✓", "passed"],
  failed: ["✗", "failed"],
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

// What somebody looks for first stands first.
const FIRST = ["failed", "open", "part", "ok", "waiting"];
const SUMMED = { failed: "failed", ok: "passed", part: "compared in part", open: "not checked" };

/** Says in one line what the steps come to, and puts those first that did not pass; what failed is shown at once. */
export function sumUpSteps() {
  const items = Array.from(byId("steps").children);
  const states = items.map((one) => one.dataset.state);
  const sums = Object.entries(SUMMED).flatMap(([state, word]) => {
    const number = states.filter((one) => one === state).length;
    return number > 0 ? [`${number} ${word}`] : [];
  });
  byId("steps-sum").textContent = sums.length > 0 ? `: ${sums.join(", ")}` : "";
  if (states.includes("failed")) byId("checked").open = true;
  // Several things stand in groups, each behind its title.
  const rank = (one) => FIRST.indexOf(one.dataset.state);
  let group = 0;
  const grouped = items.map((one) => ({ one, group: one.dataset.state ? group : ++group }));
  grouped.sort((a, b) => a.group - b.group || rank(a.one) - rank(b.one));
  byId("steps").append(...grouped.map(({ one }) => one));
}
