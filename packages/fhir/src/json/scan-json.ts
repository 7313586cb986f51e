/** The position of a number that must be kept as `ExactNumber`. */
export interface ExactNumberPlace {
  readonly start: number;
  readonly end: number;
}

/** Facts about JSON that its bytes show before it is parsed. */
export interface JsonScan {
  /** Contains every number that a double would change, and may contain others (with many leading zeros). */
  readonly exactNumbers: readonly ExactNumberPlace[];
  /** The number of levels of objects and arrays. */
  readonly depth: number;
  /** Whether every object and array ends. False for JSON that is cut off. */
  readonly isClosed: boolean;
  /** The number of commas and opening braces outside of strings, so about that of the values. */
  readonly values: number;
}

const digit0 = 0x30;
const digit9 = 0x39;
const dot = 0x2e;
const minus = 0x2d;
const plus = 0x2b;
const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
/** `[` and `{` differ only in this bit, and so do `]` and `}`. */
const braceBit = 0x20;
const openingBrace = 0x7b;
const closingBrace = 0x7d;
/** A double keeps every decimal number of up to 15 significant digits (IEEE 754 binary64, DBL_DIG). */
const safeDigits = 15;

/**
 * Makes one pass over the bytes. It also accepts text that is not JSON, with an undefined result.
 * @param maxExactNumbers of more, only one more is listed, and the rest of the text is not read
 */
export function scanJson(json: Uint8Array, maxExactNumbers = Number.POSITIVE_INFINITY): JsonScan {
  const exactNumbers: ExactNumberPlace[] = [];
  const length = json.length;
  let position = 0;
  let level = 0;
  let depth = 0;
  let values = 0;
  while (position < length && exactNumbers.length <= maxExactNumbers) {
    const byte = json[position] as number;
    if (byte === quote) {
      position = endOfString(json, position + 1);
    } else if (byte >= digit0 && byte <= digit9) {
      const end = endOfNumber(json, position);
      if (isExact(json, position, end)) exactNumbers.push(placeOf(json, position, end));
      position = end;
    } else {
      level += levelChange(byte);
      depth = Math.max(depth, level);
      values += startsValue(byte);
      position++;
    }
  }
  return { exactNumbers, depth, isClosed: level === 0, values };
}

function placeOf(json: Uint8Array, start: number, end: number): ExactNumberPlace {
  return { start: json[start - 1] === minus ? start - 1 : start, end };
}

function startsValue(byte: number): number {
  return byte === comma || (byte | braceBit) === openingBrace ? 1 : 0;
}

function levelChange(byte: number): number {
  const brace = byte | braceBit;
  if (brace === openingBrace) return 1;
  return brace === closingBrace ? -1 : 0;
}

/** The position after the closing quote. Strings are short, so a native search for each costs more than a loop over the bytes. */
function endOfString(json: Uint8Array, start: number): number {
  let position = start;
  for (; position < json.length; position++) {
    const byte = json[position];
    if (byte === quote) return position + 1;
    if (byte === backslash) position++;
  }
  return position;
}

/** The position after the number that starts here, without its sign. */
function endOfNumber(json: Uint8Array, start: number): number {
  let position = start + 1;
  for (; position < json.length; position++) {
    const byte = json[position] as number;
    const belongs =
      (byte >= digit0 && byte <= digit9) || byte === dot || isExponent(byte) || byte === plus || byte === minus;
    if (!belongs) break;
  }
  return position;
}

/** Whether a double would change the number's text. */
function isExact(json: Uint8Array, start: number, end: number): boolean {
  let fraction = false;
  for (let position = start; position < end; position++) {
    const byte = json[position] as number;
    if (byte === dot) fraction = true;
    else if (isExponent(byte)) return true;
  }
  const digits = end - start - (fraction ? 1 : 0);
  if (digits > safeDigits) return true;
  if (!fraction) return json[start] === digit0 && json[start - 1] === minus;
  if (json[end - 1] === digit0) return true;
  return end - start > 6 && Number(String.fromCharCode(...json.subarray(start, end))) < 1e-6;
}

function isExponent(byte: number): boolean {
  return byte === 0x65 || byte === 0x45;
}
