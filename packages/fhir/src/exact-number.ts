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
const minus = 0x2d;
const plus = 0x2b;
const quote = 0x22;
const backslash = 0x5c;
/** A double keeps every decimal of up to 15 significant digits (IEEE 754 binary64, DBL_DIG). */
const safeDigits = 15;

/** Parses a JSON text, keeping as `ExactNumber` the numbers that a double would write differently. */
export function parseExact(json: string): unknown {
  const bytes = Buffer.from(json);
  return parseWithExact(bytes, exactNumbersIn(bytes));
}

/** Where numbers stand that must be kept as `ExactNumber`. */
export interface ExactNumberPlace {
  readonly start: number;
  readonly end: number;
}

/**
 * The numbers of a JSON text whose own text must be kept. One pass over the bytes, outside of strings; it may name one that would
 * do (a long zero prefix), never leave one out that would not.
 */
export function exactNumbersIn(json: Uint8Array): ExactNumberPlace[] {
  const found: ExactNumberPlace[] = [];
  const length = json.length;
  let position = 0;
  while (position < length) {
    const byte = json[position] as number;
    if (byte === quote) {
      position = endOfString(json, position + 1);
    } else if (byte >= digit0 && byte <= digit9) {
      const end = endOfNumber(json, position);
      if (isExact(json, position, end))
        found.push({ start: json[position - 1] === minus ? position - 1 : position, end });
      position = end;
    } else {
      position++;
    }
  }
  return found;
}

/**
 * Parses a JSON text whose `exactNumbersIn` are known: they go through the engine's parser as marked strings, since a reviver,
 * which is called for every value, takes ten times as long as all of the rest.
 */
export function parseWithExact(json: Buffer, places: readonly ExactNumberPlace[]): unknown {
  const text = json.toString('utf8');
  if (places.length === 0) return JSON.parse(text);
  if (text.includes(mark) || escapedMark.test(text)) return parseByReviver(text);
  let marked = '';
  let done = 0;
  for (const { start, end } of places) {
    const number = json.toString('latin1', start, end);
    // What is no number stays what it is, and is refused.
    if (!jsonNumber.test(number) || String(Number(number)) === number) continue;
    marked += `${json.toString('utf8', done, start)}"${mark}${number}"`;
    done = end;
  }
  return takeMarks(JSON.parse(marked + json.toString('utf8', done)));
}

/** Of Unicode's private use: no text has it but by mistake, and one that does is parsed the slow way. */
const mark = '\ue000';
const escapedMark = /\\ue000/i;
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** In place. */
function takeMarks(node: unknown): unknown {
  if (typeof node === 'string') return node.startsWith(mark) ? new ExactNumber(node.slice(1)) : node;
  if (typeof node !== 'object' || node === null) return node;
  const fields = node as Record<string, unknown>;
  for (const key of Object.keys(fields)) {
    const field = fields[key];
    const taken = takeMarks(field);
    if (taken !== field) fields[key] = taken;
  }
  return node;
}

function parseByReviver(json: string): unknown {
  return JSON.parse(json, function keepText(_key, value: unknown, context?: { source?: string }) {
    if (typeof value !== 'number' || context?.source === undefined) return value;
    return String(value) === context.source ? value : new ExactNumber(context.source);
  } as (this: unknown, key: string, value: unknown) => unknown);
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

/** Whether a number's text would not survive a double. */
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
