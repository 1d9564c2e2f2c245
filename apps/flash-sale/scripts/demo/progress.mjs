const REDRAW_MS = 100;

/** Says what is going on. On a terminal the current line counts along. */
export class Progress {
  #drawn = 0;
  #open = false;

  /** @param {NodeJS.WriteStream} stream */
  constructor(stream) {
    this.stream = stream;
  }

  /** Something that stays. @param {string} text */
  line(text) {
    this.#close();
    this.stream.write(`${text}\n`);
  }

  /** Something that the next text replaces; on terminals only. @param {string} text */
  current(text) {
    if (!this.stream.isTTY || performance.now() - this.#drawn < REDRAW_MS) return;
    this.#close();
    this.stream.write(text);
    this.#drawn = performance.now();
    this.#open = true;
  }

  #close() {
    if (this.#open) this.stream.write('\r\u001b[2K');
    this.#open = false;
  }
}
