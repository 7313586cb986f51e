import { exactNumbersIn, parseWithExact } from './exact-number.ts';

/**
 * Parses a JSON text as FHIR servers send it: numbers that a double would change are kept as `ExactNumber`, and raw control
 * characters inside strings, which athenahealth's narratives have, are taken for what they are.
 * @param json UTF-8.
 * @throws SyntaxError for anything else that is no JSON.
 */
export function parseFhirJson(json: Buffer): { readonly value: unknown; readonly hasExactNumbers: boolean } {
  const places = exactNumbersIn(json);
  try {
    return { value: parseWithExact(json, places), hasExactNumbers: places.length > 0 };
  } catch (error) {
    const text = json.toString('utf8');
    const repaired = escapeControlCharacters(text);
    if (repaired === text) throw error;
    return parseFhirJson(Buffer.from(repaired));
  }
}

/** JSON forbids raw control characters inside strings only; between tokens a tab or carriage return is white space. */
function escapeControlCharacters(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"/gs, (string) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is being repaired.
    string.replace(/[\u0000-\u001f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}
