// Several receipts: a verdict on all, and one on each.

import { fold, make, paragraph } from "./dom.js";
import { receiptAnswer } from "./events_view.js";
import { textIn } from "./json.js";
import { standsByItself } from "./outside.js";
import { gist, provedBy } from "./proved.js";
import { faultList, verdictCard, verdictOn } from "./verdict.js";
import { count, many } from "./words.js";

/** From the oldest record to the newest, in whichever order they were given. */
export function inTime(receipts) {
  const key = ({ name, told }) =>
    [textIn(told?.evidence, "at") ?? "", String(told?.index ?? "").padStart(16, "0"), told?.leaf ?? "", name].join(" ");
  return [...receipts].sort((one, other) => (key(one) < key(other) ? -1 : key(one) > key(other) ? 1 : 0));
}

const LOOKS = {
  bad: ["forged", "✗ Not all passed"],
  fair: ["sound", "! Not all confirmed"],
  good: ["sound", "✓ Signed, and confirmed"],
};

/** The verdict on all of them is the worst of theirs and of what was given beside them. */
export function verdictOnSeveral({ receipts, bundle, promises }, beside) {
  const judged = (found, name) => ({ name, faults: found.steps.faults, ...verdictOn(found, beside) });
  const own = inTime(receipts).map((found) => judged(found, found.name));
  const others = [
    ...(bundle ? [judged(bundle, "The bundle")] : []),
    ...promises.map((promise, at) => judged(promise, promises.length > 1 ? `Promise ${count(at + 1)}` : "The promise")),
  ].filter(({ look }) => look === "bad");
  const all = [...own, ...others];
  const look = ["bad", "fair"].find((one) => all.some((part) => part.look === one)) ?? "good";
  const [verdict, mark] = LOOKS[look];
  const items = all.map(({ name, title, faults }) =>
    make("li", {}, make("strong", {}, name), `: ${title}`, faults.length > 0 && faultList(faults)),
  );
  return {
    look,
    mark,
    verdict: look !== "bad" && all.some((part) => part.verdict === "in-part") ? "in-part" : verdict,
    title: titleOf(own, others),
    said: [make("ul", {}, items), paragraph("Each has a verdict of its own below.")],
    confirmed: look === "bad" ? "" : look === "good" ? "others" : "nobody",
  };
}

function titleOf(own, others) {
  const bad = own.filter(({ look }) => look === "bad").length;
  const fails = others.length > 0 ? "Something that you gave beside these receipts fails a check" : undefined;
  if (bad === 0) return fails ?? `None of these ${many(own.length, "receipt")} fails a check`;
  if (bad === own.length) return `${bad === 2 ? "Both" : "All"} of these receipts fail a check`;
  return `${count(bad)} of these ${many(own.length, "receipt")} ${bad === 1 ? "fails" : "fail"} a check`;
}

/** One of them: its verdict, and behind it all that it says and what of that is proved. */
export function eachReceipt(found, beside) {
  const { name, told } = found;
  const stands = standsByItself(found);
  const title = stands ? "What it says, and what of that is proved" : "What it claims, and does not prove";
  const fill = () =>
    stands
      ? make("div", {}, gist(found, beside), receiptAnswer(found), provedBy(found, beside, "h3"))
      : make("div", { class: "claimed" }, receiptAnswer(found));
  return make(
    "section",
    { class: "one", "data-receipt": name },
    make("h2", {}, name),
    verdictCard(verdictOn(found, beside)),
    told && fold(title, fill),
  );
}
