/**
 * A page of a thousand resources has a few hundred thousand values, and a line of 15 MB that contains only deletions has a million.
 * Each value takes about 100 bytes of memory, however short it is, so texts such as `[{},{},…]` are rejected by their number of
 * values and not by their size.
 */
export const maxJsonValues = 2_000_000;

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
    for (const byte of chunk) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === quote) this.#isInString = !this.#isInString;
      else if (this.#isInString) this.#isEscaped = byte === backslash;
      else if (byte === comma || (byte | braceBit) === openingBrace) this.#count++;
    }
    return this.#count;
  }
}

/** Whether JSON would take too much memory as objects. */
export function hasTooManyValues(json: Uint8Array): boolean {
  // A value and its comma take at least two bytes, so most texts need not be counted.
  return json.length > 2 * maxJsonValues && new JsonValueCounter().add(json) > maxJsonValues;
}
