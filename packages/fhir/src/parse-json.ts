import { exactNumbersIn, parseWithExact } from './exact-number.ts';

/**
 * Parses a JSON text as FHIR servers send it: numbers that a double would change are kept as `ExactNumber`, and raw control
 * characters inside strings, which athenahealth's narratives have, are taken for what they are.
 * @param json UTF-8.
 * @throws SyntaxError if the text is not JSON after this repair.
 */
export function parseFhirJson(json: Buffer): { readonly value: unknown; readonly hasExactNumbers: boolean } {
  const places = exactNumbersIn(json);
  try {
    return { value: parseWithExact(json, places), hasExactNumbers: places.length > 0 };
  } catch (error) {
    const repaired = escapeControlCharacters(json);
    if (repaired === json) throw error;
    return parseFhirJson(repaired);
  }
}

const quote = 0x22;
const backslash = 0x5c;
const firstPrintable = 0x20;
/** `\\u000a` */
const escapeLength = 6;

/**
 * JSON forbids raw control characters inside strings only; between tokens a tab or carriage return is white space.
 * One pass over the bytes: a regular expression for strings takes quadratic time on a string that does not end.
 * @returns `json` itself if it has no raw control character in a string.
 */
function escapeControlCharacters(json: Buffer): Buffer {
  const places = controlCharactersInStrings(json);
  if (places.length === 0) return json;
  const escaped = Buffer.allocUnsafe(json.length + places.length * (escapeLength - 1));
  let written = 0;
  let copied = 0;
  for (const place of places) {
    written += json.copy(escaped, written, copied, place);
    written += escaped.write(`\\u${json.toString('hex', place, place + 1).padStart(4, '0')}`, written, 'latin1');
    copied = place + 1;
  }
  json.copy(escaped, written, copied);
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
