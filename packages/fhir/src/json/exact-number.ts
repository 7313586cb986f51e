import { type ExactNumberPlace, scanJson } from './scan-json.ts';

/**
 * A number whose text a double would change, such as `1.50`, `1e2` or one with 20 digits. FHIR decimals keep their precision
 * (https://hl7.org/fhir/R4/datatypes.html#decimal), so the text is the value.
 */
export class ExactNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** Makes JSON.stringify write the original text. */
  toJSON(): unknown {
    return rawJson(this.text);
  }
}

/** `JSON.rawJSON` of ES2026, which TypeScript's library does not declare yet. */
const { rawJSON: rawJson } = JSON as unknown as { rawJSON(text: string): unknown };

/** Parses JSON and keeps numbers that a double would write differently as `ExactNumber`. */
export function parseExact(json: string): unknown {
  const bytes = Buffer.from(json);
  return parseWithExact(bytes, scanJson(bytes).exactNumbers);
}

/**
 * Parses JSON whose exact numbers are known. They pass through the engine's parser as marked strings. A reviver, which is called
 * for every value, takes ten times as long as everything else.
 */
export function parseWithExact(json: Buffer, places: readonly ExactNumberPlace[]): unknown {
  const text = json.toString('utf8');
  if (places.length === 0) return JSON.parse(text);
  let marked = '';
  let position = 0;
  for (const { start, end } of places) {
    const number = json.toString('latin1', start, end);
    // Text that is not a number stays unchanged, so that the parser rejects it.
    if (!jsonNumber.test(number) || String(Number(number)) === number) continue;
    marked += `${json.toString('utf8', position, start)}"${mark}${number}"`;
    position = end;
  }
  return takeMarks(JSON.parse(marked + json.toString('utf8', position)));
}

/** Random, so that no text from outside begins with it. The result does not depend on it. */
const mark = `\ue000${crypto.randomUUID()}`;
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** Replaces marked strings in place. */
function takeMarks(node: unknown): unknown {
  if (typeof node === 'string') return node.startsWith(mark) ? new ExactNumber(node.slice(mark.length)) : node;
  if (typeof node !== 'object' || node === null) return node;
  const fields = node as Record<string, unknown>;
  for (const key of Object.keys(fields)) {
    const field = fields[key];
    const marks = takeMarks(field);
    if (marks !== field) fields[key] = marks;
  }
  return node;
}
