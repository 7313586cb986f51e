/**
 * A page of a thousand resources has a few hundred thousand values. Each value takes about 100 bytes of memory, and 0.2 µs of one
 * uninterrupted step, however short it is. So texts such as `[{},{},…]` are rejected by their number of values and not by their size.
 */
export const maxJsonValues = 1_000_000;

/** The limit for a line. A Group of 150,000 patients and a Bundle of as many deletions have fewer values. */
export const maxLineValues = 500_000;

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
/** `[` and `{` differ only in this bit. */
const braceBit = 0x20;
const openingBrace = 0x7b;

/** Counts the values of JSON that arrives in chunks, before it is parsed: the commas and opening braces outside of strings. */
export class JsonValueCounter {
  #count = 0;
  #isInString = false;
  #isEscaped = false;

  /** @returns the number of values so far */
  add(chunk: Uint8Array): number {
    // Local variables make this loop ten times as fast.
    let count = this.#count;
    let isInString = this.#isInString;
    let isEscaped = this.#isEscaped;
    for (const byte of chunk) {
      if (isEscaped) isEscaped = false;
      else if (byte === quote) isInString = !isInString;
      else if (isInString) isEscaped = byte === backslash;
      else if (byte === comma || (byte | braceBit) === openingBrace) count++;
    }
    this.#count = count;
    this.#isInString = isInString;
    this.#isEscaped = isEscaped;
    return count;
  }
}
