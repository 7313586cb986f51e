import { type ExactNumberPlace, scanJson } from './scan-json.ts';

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

/** Parses a JSON text, keeping as `ExactNumber` the numbers that a double would write differently. */
export function parseExact(json: string): unknown {
  const bytes = Buffer.from(json);
  return parseWithExact(bytes, scanJson(bytes).exactNumbers);
}

/**
 * Parses a JSON text whose exact numbers are known: they go through the engine's parser as marked strings, since a reviver,
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
