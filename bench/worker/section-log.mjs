// @ts-check
const FIELDS = 4;
/** More would only be memory: what counts is shares and percentiles. */
const MOST = 1_000_000;

/** Keeps request, entry, exit and caller of every section, in one growing array: objects would load the heap that is measured. */
export class SectionLog {
  #values = new Float64Array(FIELDS * 16_384);
  #length = 0;

  /** @param {number} request @param {number} entry @param {number} exit @param {number} caller */
  add(request, entry, exit, caller) {
    if (this.#length >= FIELDS * MOST) return;
    if (this.#length === this.#values.length) {
      const wider = new Float64Array(2 * this.#length);
      wider.set(this.#values);
      this.#values = wider;
    }
    this.#values[this.#length++] = request;
    this.#values[this.#length++] = entry;
    this.#values[this.#length++] = exit;
    this.#values[this.#length++] = caller;
  }

  get full() {
    return this.#length >= FIELDS * MOST;
  }

  values() {
    return this.#values.slice(0, this.#length);
  }
}
