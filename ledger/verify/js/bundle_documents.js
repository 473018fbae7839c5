// The files of a bundle beside its events, each held against the hash by which it is named.

import { isOfStamp } from "./bundle_stamps.js";
import { sha256Hex } from "./bytes.js";
import { canonical, isObject, textIn, tryJson, within } from "./json.js";
import { isHash, isLabel } from "./rows.js";
import { isPage } from "./vocabulary.js";

const EXPECTED = [
  /^events\.ndjson$/,
  /^checkpoint$/,
  /^keys\.json$/,
  /^contexts\/[0-9a-f]{64}\.json$/,
  /^notices\/[0-9a-f]{64}\.txt$/,
  /^forms\/[0-9a-f]{64}\.html$/,
  /^policies\/[A-Za-z0-9._-]{1,64}\.md$/,
];

// What file managers leave in a folder that somebody looked at.
const LEFT_BY_FILE_MANAGERS =
  /^(?:(?:contexts|forms|notices|policies|timestamps)\/)?(?:\.DS_Store|Thumbs\.db|desktop\.ini)$/;

/** The documents of a bundle, and what lies there beside them. */
export class BundleDocuments {
  /** The contexts that were read, by their hash. */
  contexts = new Map();
  #seen = new Map();
  /** Whether all contexts could be read: else it is not known what they name. */
  #allRead = true;

  constructor(files, tally) {
    this.files = files;
    this.tally = tally;
  }

  /** Looks at what each line refers to. */
  async check() {
    for (const { refers, place } of this.tally.refers.values()) {
      if (refers.context !== undefined) await this.#context(refers.context, place);
      else await this.#shown(refers, place, false);
    }
  }

  /** The text of a document that was found to be the one it is named as. */
  text(path) {
    return this.#seen.get(path)?.text;
  }

  /**
   * Paths that nothing leads to: `foreign` to a bundle, or documents that are `unnamed` by any event; and what a file
   * manager `left`, which accuses nobody.
   */
  strangers(partial) {
    const expected = partial ? [...EXPECTED, /^extent\.jws$/] : EXPECTED;
    const besideStamp = (path) =>
      this.files.has(path.replace(/\.checkpoint$/, ".tsr")) && isOfStamp(path, "checkpoint");
    const isForeign = (path) => !besideStamp(path) && !isOfStamp(path, "tsr") && !expected.some((form) => form.test(path));
    const isNamed = (path) => /^(?:contexts|notices|policies|forms)\//.test(path);
    const left = this.files.paths().filter((path) => LEFT_BY_FILE_MANAGERS.test(path));
    const paths = this.files.paths().filter((path) => !left.includes(path));
    const foreign = paths.filter(isForeign);
    const allRead = this.#allRead && this.tally.allRead;
    const unnamed = paths.filter((path) => allRead && !isForeign(path) && isNamed(path) && !this.#seen.has(path));
    return { foreign, unnamed, left };
  }

  async #context(sha256, place) {
    const path = `contexts/${sha256}.json`;
    const text = await this.#file(path, sha256, place);
    if (text === null) this.#allRead = false;
    if (text === null || this.contexts.has(sha256)) return;
    const context = tryJson(text);
    this.contexts.set(sha256, context);
    const refers = shownBy(context);
    if (!refers || canonical(context) !== text) {
      this.#allRead = false;
      this.tally.find("documents", path, `the file is not a context as events name it; ${place} refers to it`);
      return;
    }
    await this.#shown(refers, place, true);
  }

  async #shown({ notice, policy, policySha256, form, formFile }, place, needed) {
    const path = `notices/${notice}.txt`;
    // Of version 1 the words stand in the body too, so their file may be left out.
    if (needed || this.files.has(path)) await this.#file(path, notice, place);
    await this.#file(`policies/${policy}.md`, policySha256, place);
    if (form !== undefined) await this.#file(formFile, form, place);
  }

  /** The text of a file, if it has the hash that it is named by; each is read once. */
  async #file(path, sha256, place) {
    let seen = this.#seen.get(path);
    if (!seen) {
      const text = await this.files.text(path);
      seen = { text, sha256: text === null ? null : await sha256Hex(text) };
      this.#seen.set(path, seen);
      if (text === null) {
        const why = this.files.has(path) ? "cannot be read" : "is missing";
        this.tally.find("documents", path, `the file ${why}; ${place} refers to it`);
      }
    }
    if (seen.text === null || seen.sha256 === sha256) return seen.text;
    this.tally.find("documents", path, `the file’s SHA-256 is not the one that ${place} names`);
    return null;
  }
}

/** What a context leads to; null unless it has all that a context has. */
function shownBy(context) {
  const texts = [
    ["controller", "address"],
    ["controller", "contact"],
    ["controller", "name"],
    ["method"],
    ["purpose"],
    ["source"],
    ["policy", "sha256"],
  ];
  if (!isObject(context) || texts.some((names) => textIn(context, ...names) === undefined)) return null;
  const [notice, policy, form] = [
    textIn(context, "notice", "sha256"),
    textIn(context, "policy", "label"),
    context.form,
  ];
  const whole = isHash(notice) && isLabel(policy) && (form === undefined || isHash(form));
  const policySha256 = within(context, "policy", "sha256");
  return whole ? { notice, policy, policySha256, form, formFile: formFile(context) } : null;
}

/** The file with the blank form: a page of the program's, or the document of what others were told to draw. */
export function formFile(context) {
  return `forms/${context.form}.${isPage(context.drawn_by) ? "html" : "json"}`;
}
