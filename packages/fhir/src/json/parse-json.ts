import { parseWithExact } from './exact-number.ts';
import { maxJsonValues } from './json-value-counter.ts';
import { scanJson } from './scan-json.ts';
import { runSteps, type Steps } from './steps.ts';

/** The JSON has more levels of objects and arrays than allowed. */
export class JsonTooDeepError extends Error {}

/** The JSON has more values than fit into memory, see `maxJsonValues`, or too many that need a text. */
export class JsonTooLargeError extends Error {}

interface JsonLimits {
  readonly maxDepth?: number;
  readonly maxValues?: number;
  readonly maxExactNumbers?: number;
}

/** Keeping the text of a number takes 1 µs, ten times as long as another value. A page of 50,000 Observations has fewer such numbers. */
const maxExactNumbersOfPage = 250_000;
/** The database needs up to another 3 µs for each. Recorded curves (SampledData) are texts, and no other resource has as many. */
export const maxExactNumbersOfLine = 50_000;

/**
 * Parses JSON as FHIR servers send it. Numbers that a double would change are kept as `ExactNumber`. Raw control characters inside
 * strings, which athenahealth's narratives contain, are accepted.
 * @param json UTF-8
 * @throws SyntaxError if the text is not JSON even after this repair
 * @throws JsonTooLargeError, JsonTooDeepError before an object is created, so that no text can exhaust the stack or the heap
 */
export function parseFhirJson(json: Buffer, limits: JsonLimits = {}) {
  return runSteps(parseFhirJsonInSteps(json, limits));
}

export function* parseFhirJsonInSteps(
  json: Buffer,
  limits: JsonLimits = {},
): Steps<{ readonly value: unknown; readonly hasExactNumbers: boolean }> {
  const { maxDepth = Number.POSITIVE_INFINITY, maxValues = maxJsonValues } = limits;
  const { maxExactNumbers = maxExactNumbersOfPage } = limits;
  const { exactNumbers, depth, isClosed, values } = scanJson(json, maxExactNumbers);
  if (values > maxValues || exactNumbers.length > maxExactNumbers) throw new JsonTooLargeError();
  if (depth > maxDepth) throw isClosed ? new JsonTooDeepError() : new SyntaxError('The text is cut off.');
  yield;
  try {
    return { value: parseWithExact(json, exactNumbers), hasExactNumbers: exactNumbers.length > 0 };
  } catch (error) {
    const repaired = escapeControlCharacters(json);
    if (repaired === json) throw error;
    return yield* parseFhirJsonInSteps(repaired, limits);
  }
}

const quote = 0x22;
const backslash = 0x5c;
const firstPrintable = 0x20;
const escapes = Array.from({ length: firstPrintable }, (_, code) =>
  Buffer.from(`\\u${code.toString(16).padStart(4, '0')}`),
);
/** `\\u000a` */
const escapeLength = 6;

/**
 * Escapes raw control characters inside strings, where JSON forbids them. Between tokens, a tab or carriage return is white space.
 * This is one pass over the bytes, because a regular expression for strings takes quadratic time on a string that does not end.
 * @returns `json` itself if there is nothing to escape
 */
function escapeControlCharacters(json: Buffer): Buffer {
  const places = controlCharactersInStrings(json);
  if (places.length === 0) return json;
  const escaped = Buffer.allocUnsafe(json.length + places.length * (escapeLength - 1));
  let writtenBytes = 0;
  let copied = 0;
  for (const place of places) {
    writtenBytes += json.copy(escaped, writtenBytes, copied, place);
    escaped.set(escapes[json[place] as number] as Buffer, writtenBytes);
    writtenBytes += escapeLength;
    copied = place + 1;
  }
  json.copy(escaped, writtenBytes, copied);
  return escaped;
}

function controlCharactersInStrings(json: Buffer): number[] {
  const places: number[] = [];
  let inString = false;
  for (let position = 0; position < json.length; position++) {
    const byte = json[position] as number;
    if (byte === quote) inString = !inString;
    // The character after a backslash cannot end the string.
    else if (inString && byte === backslash) position++;
    else if (inString && byte < firstPrintable) places.push(position);
  }
  return places;
}
