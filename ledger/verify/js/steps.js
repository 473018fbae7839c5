// What was checked, step by step: each is told as soon as it is known.

/** Each step's title, in the words of somebody who never saw a ledger. */
export const TITLES = {
  key: "Whose key signed it",
  signature: "The signature",
  commitment: "What was said, and its seal in the ledger",
  documents: "The words, the policy and the form",
  readable: "The part for reading",
  rows: "Every line of the ledger",
  order: "Each person’s events, in their order",
  emptied: "What was erased",
  extent: "Whether one person’s events are all there",
  inclusion: "Its place in the ledger",
  root: "The whole ledger under its head",
  head: "The signed head of the ledger",
  promise: "What was promised",
  kept: "Whether the promise was kept",
  consistency: "Against what you kept from before",
  witnesses: "Witnesses",
  time: "Time stamp of an authority",
  files: "Other files",
};

/** The steps of one check, in order. `tell` hears of each as it becomes known. */
export class Steps {
  constructor(ids, tell) {
    this.ids = ids;
    this.tell = tell;
    this.known = new Map();
    tell(null, ids);
  }

  /** Checked, and it agrees. */
  ok(id, said) {
    this.#set(id, "ok", said);
  }

  /** Checked, and it does not agree. The first word on a step stays if it was this one. */
  failed(id, said, fault = said) {
    this.#set(id, "failed", said, fault);
  }

  /** Checked as far as it can be, and so far it agrees. */
  inPart(id, said) {
    this.#set(id, "part", said);
  }

  /** Not checked, and why. */
  open(id, said) {
    this.#set(id, "open", said);
  }

  /** What remains when there is no going on. */
  leave(said) {
    for (const id of this.ids) if (!this.known.has(id)) this.open(id, said);
  }

  get faults() {
    return this.ids.flatMap((id) => (this.state(id) === "failed" ? [{ id, fault: this.known.get(id).fault }] : []));
  }

  state(id) {
    return this.known.get(id)?.state;
  }

  #set(id, state, said, fault) {
    // What failed once is not made good by what is looked at after it.
    if (this.state(id) === "failed") return;
    const step = { id, state, said, fault };
    this.known.set(id, step);
    this.tell(step);
  }
}
