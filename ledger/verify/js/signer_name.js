// Who it is that a key is named after, as somebody who reads the answer knows them.

import { textIn } from "./json.js";

/** The name of the key, and beside it that of the controller, as the record has it. */
export function signerText({ signer, told }) {
  const { name } = signer.key;
  const controller = textIn(told?.evidence, "controller", "name");
  return controller ? `${name} (in its own words: ${controller})` : name;
}

/** What a reader should know of an address that is no public one, and of a form that says that it is a demo's. */
export function trialText({ signer, told }) {
  const said = [];
  if (isLocal(signer.key.name))
    said.push(
      `${signer.key.name.split("/")[0]} is an address inside one machine or network, not of a public site: this may be a trial or a demo.`,
    );
  const demo = demoText(told?.form);
  if (demo) said.push(`The page with the form said: “${demo}”`);
  return said.length > 0 ? said.join(" ") : undefined;
}

function isLocal(name) {
  const host = name.split("/")[0].toLowerCase();
  const addresses = /^(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|\[)/;
  const names = /(?:^|\.)(?:localhost|local|internal|test)(?::\d+)?$/;
  return addresses.test(host) || names.test(host);
}

/** What the band above a demo's pages says. */
function demoText(form) {
  if (form === undefined) return undefined;
  const band = new DOMParser().parseFromString(form, "text/html").querySelector("body > .demo strong");
  return band?.textContent.trim();
}
