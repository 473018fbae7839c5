// JSON that can be read in one way only, and its one form that is hashed (RFC 8785). The browser's own reader takes
// the last of two members of one name and says nothing, so two people could see two things in one signed text.

// As deep as the program reads.
const DEPTH = 127;

const ESCAPES = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/**
 * The value of a JSON text (RFC 8259); throws a SyntaxError where it is none, has a name twice in one object, half of
 * a surrogate pair, or a number that no double holds. Objects have no prototype: a member named like one of its
 * methods is a member.
 */
export function readJson(text) {
  let at = 0;

  function refuse(why) {
    throw new SyntaxError(`${why} (character ${at + 1})`);
  }

  function skip() {
    while (at < text.length && " \t\n\r".includes(text[at])) at += 1;
  }

  function expect(word) {
    if (!text.startsWith(word, at)) refuse("not JSON");
    at += word.length;
  }

  function value(depth) {
    if (depth > DEPTH) refuse("nested too deeply");
    switch (text[at]) {
      case "{":
        return object(depth + 1);
      case "[":
        return array(depth + 1);
      case '"':
        return string();
      case "t":
        return (expect("true"), true);
      case "f":
        return (expect("false"), false);
      case "n":
        return (expect("null"), null);
      default:
        return number();
    }
  }

  function object(depth) {
    const members = Object.create(null);
    expect("{");
    skip();
    if (text[at] === "}") return ((at += 1), members);
    for (;;) {
      if (text[at] !== '"') refuse("not JSON");
      const name = string();
      if (name in members) refuse(`the name “${name}” stands twice in one object`);
      skip();
      expect(":");
      skip();
      members[name] = value(depth);
      skip();
      if (text[at] === "}") return ((at += 1), members);
      expect(",");
      skip();
    }
  }

  function array(depth) {
    const values = [];
    expect("[");
    skip();
    if (text[at] === "]") return ((at += 1), values);
    for (;;) {
      values.push(value(depth));
      skip();
      if (text[at] === "]") return ((at += 1), values);
      expect(",");
      skip();
    }
  }

  function string() {
    expect('"');
    let said = "";
    let from = at;
    for (;;) {
      const character = text[at];
      if (character === undefined || character < " ") refuse("not JSON");
      if (character === '"') break;
      if (character === "\\") {
        said += text.slice(from, at) + escape();
        from = at;
      } else {
        at += 1;
      }
    }
    said += text.slice(from, at);
    at += 1;
    if (/\p{Surrogate}/u.test(said)) refuse("half of a character");
    return said;
  }

  function escape() {
    const character = text[at + 1];
    at += 2;
    if (character !== "u") return ESCAPES[character] ?? refuse("not JSON");
    const digits = text.slice(at, at + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) refuse("not JSON");
    at += 4;
    return String.fromCharCode(parseInt(digits, 16));
  }

  function number() {
    const form = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
    form.lastIndex = at;
    const digits = form.exec(text)?.[0] ?? refuse("not JSON");
    const read = Number(digits);
    if (!Number.isFinite(read)) refuse("a number that is too large");
    at += digits.length;
    return read;
  }

  skip();
  const whole = value(0);
  skip();
  if (at !== text.length) refuse("something follows the JSON text");
  return whole;
}

/** The RFC 8785 text of a value: names by their UTF-16 units, numbers and escapes as ECMAScript writes them. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (isObject(value)) {
    const names = Object.keys(value).sort();
    return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

/** The value of a JSON text, or null where it is none that {@link readJson} reads. */
export function tryJson(text) {
  try {
    return text === null ? null : readJson(text);
  } catch {
    return null;
  }
}

/** Whether it has members by name. */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What stands at the end of these names, one within the other; undefined where one of them is missing. */
export function within(value, ...names) {
  return names.reduce((held, name) => (isObject(held) && Object.hasOwn(held, name) ? held[name] : undefined), value);
}

/** The same, of a text alone. */
export function textIn(value, ...names) {
  const held = within(value, ...names);
  return typeof held === "string" ? held : undefined;
}

/** Whether a value is a whole number from 0 that is held exactly. */
export function isCount(value) {
  return Number.isSafeInteger(value) && value >= 0;
}
