// A policy's Markdown as plain text that people read: headings, lists and paragraphs, and nothing that could reach out.

import { make } from "./dom.js";

/** The elements of a text. */
export function readableText(markdown) {
  const shown = [];
  let list;
  for (const line of joined(markdown)) {
    const [, hashes, title] = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line) ?? [];
    const [, item] = /^\s*(?:[-*+]|\d+[.)])\s+(.*)$/.exec(line) ?? [];
    if (item !== undefined) {
      if (!list) shown.push((list = make("ul", {})));
      list.append(make("li", {}, inline(item)));
      continue;
    }
    list = undefined;
    if (hashes) shown.push(make("p", { class: "title" }, make("strong", {}, inline(title))));
    else shown.push(make("p", {}, inline(line)));
  }
  return shown;
}

/** Each block as one line: what goes on in the next line belongs to it. */
function joined(markdown) {
  const lines = [];
  let open = false;
  for (const line of markdown.split("\n")) {
    const begins = /^(?:#{1,6}\s|\s*(?:[-*+]|\d+[.)])\s|\s*[|>])/.test(line);
    if (line.trim() === "") open = false;
    else if (open && !begins) lines.push(`${lines.pop()} ${line.trim()}`);
    else lines.push(line);
    if (line.trim() !== "") open = !line.startsWith("#");
  }
  return lines;
}

/** Bold words; an address stands behind the words that lead there. */
function inline(text) {
  const plain = text
    .replace(/\[([^\]]*)\]\(([^)\s]+)\)/g, (_, words, to) => (words === to ? to : `${words} (${to})`))
    .replace(/<((?:https?:|mailto:)[^>\s]+)>/g, "$1");
  return plain.split(/\*\*([^*]+)\*\*/).map((part, at) => (at % 2 === 1 ? make("strong", {}, part) : part));
}
