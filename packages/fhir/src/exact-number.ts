/**
 * A number whose text a double would change: `1.50`, `1e2`, 20 digits. FHIR decimals keep their precision
 * (https://hl7.org/fhir/R4/datatypes.html#decimal), so the text is the value.
 */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** JSON.stringify writes the number with its own text. */
  toJSON(): unknown {
    return rawJson(this.text);
  }
}

/** `JSON.rawJSON` of ES2026; TypeScript's library does not declare it yet. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown };

const digit0 = 0x30;
const digit9 = 0x39;
const dot = 0x2e;
const quote = 0x22;
const backslash = 0x5c;
/** A double keeps every decimal of up to 15 significant digits (IEEE 754 binary64, DBL_DIG). */
const safeDigits = 15;

/**
 * Whether a JSON text holds a number that must be kept as `ExactNumber`. One pass over the bytes, outside of strings; it
 * may say yes to one that would do (a long zero prefix), never no to one that would not.
 */
export function hasExactNumber(json: Uint8Array): boolean {
  const length = json.length;
  let position = 0;
  while (position < length) {
    const byte = json[position] as number;
    if (byte === quote) {
      position = endOfString(json, position + 1);
    } else if (byte >= digit0 && byte <= digit9) {
      const end = endOfNumber(json, position);
      if (end < 0) return true;
      position = end;
    } else {
      position++;
    }
  }
  return false;
}

/** The position after the closing quote. Strings are short: a native search for each costs more than looking at its bytes. */
function endOfString(json: Uint8Array, start: number): number {
  let position = start;
  for (; position < json.length; position++) {
    const byte = json[position];
    if (byte === quote) return position + 1;
    if (byte === backslash) position++;
  }
  return position;
}

/** The position after the number that starts here, or -1 if its text would not survive a double. */
function endOfNumber(json: Uint8Array, start: number): number {
  let position = start;
  let fraction = false;
  for (; position < json.length; position++) {
    const byte = json[position] as number;
    if (byte === dot) fraction = true;
    else if (byte === 0x65 || byte === 0x45) return -1;
    else if (byte < digit0 || byte > digit9) break;
  }
  const digits = position - start - (fraction ? 1 : 0);
  const isZero = json[start] === digit0 && !fraction;
  const negativeZero = isZero && json[start - 1] === 0x2d;
  const tinyFraction = fraction && position - start > 6 && Number(ascii(json, start, position)) < 1e-6;
  const trailingZero = fraction && json[position - 1] === digit0;
  return trailingZero || negativeZero || tinyFraction || digits > safeDigits ? -1 : position;
}

function ascii(json: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...json.subarray(start, end));
}

/** Parses a JSON text, keeping as `ExactNumber` the numbers that a double would write differently. Slower than JSON.parse. */
export function parseExact(json: string): unknown {
  return JSON.parse(json, function keepText(_key, value: unknown, context?: { source?: string }) {
    if (typeof value !== 'number' || context?.source === undefined) return value;
    return String(value) === context.source ? value : new ExactNumber(context.source);
  } as (this: unknown, key: string, value: unknown) => unknown);
}
