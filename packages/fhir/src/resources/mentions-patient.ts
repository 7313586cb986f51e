/*
 * Lines that are not usable resources are searched as text, because they may not be JSON at all. JSON can write a reference in many ways,
 * such as `Patient\/p1` and `Patient\u002fp1`, so its escapes are undone first.
 */

/** As in `isResourceId`. A URL can have the slash in percent-encoding, or ask for the id. */
const reference = /Patient(?:\/|%2[Ff]|\?_id=)([A-Za-z0-9\-._]{1,128})/g;
const patientResource = /"resourceType"\s{0,20}:\s{0,20}"Patient"/;
const idMember = /"id"\s{0,20}:\s{0,20}"([A-Za-z0-9\-._]{1,128})"/g;

/** The patients that a line of any shape may be about: those that its texts refer to and, if it contains a Patient, every id in it. */
export function listMentionedPatients(line: Buffer): Set<string> {
  return mentionedIn(textOf(line));
}

function mentionedIn(text: string): Set<string> {
  const ids = new Set<string>();
  for (const [, id = ''] of text.matchAll(reference)) ids.add(id).add(withoutPunctuation(id));
  if (patientResource.test(text)) for (const [, id] of text.matchAll(idMember)) ids.add(id as string);
  return ids;
}

/** A word without the dots and hyphens around it, because a dot can be the end of a sentence. */
function withoutPunctuation(word: string): string {
  const isPunctuation = (character = '') => character === '.' || character === '-';
  let [start, end] = [0, word.length];
  while (isPunctuation(word[start])) start += 1;
  while (end > start && isPunctuation(word[end - 1])) end -= 1;
  return word.slice(start, end);
}

/** Whether a line of any shape is about a patient. A line that is not JSON may also have the id alone. */
export function mentionsPatient(line: Buffer, patientId: string): boolean {
  const text = textOf(line);
  // Most lines do not contain the id at all.
  if (!text.includes(patientId)) return false;
  return mentionedIn(text).has(patientId) || (!isJson(line) && containsId(text, patientId));
}

/** Yields the patients for which `mentionsPatient` is true, and every other word of a line that is not JSON. A word can occur repeatedly. */
export function* possiblePatients(line: Buffer): Generator<string> {
  const text = textOf(line);
  yield* mentionedIn(text);
  if (!isJson(line)) yield* wordsOf(text);
}

/** Yields the ids for which `containsId` is true. A word can occur repeatedly. */
export function* possibleIds(text: string): Generator<string> {
  yield* wordsOf(text);
  if (text.includes('%')) yield* wordsOf(text.replace(/%([0-7][0-9A-Fa-f])/g, asCharacter));
}

function* wordsOf(text: string): Generator<string> {
  for (const [word] of text.matchAll(/[A-Za-z0-9\-._]+/g)) {
    if (word.length > 2 * 128) continue;
    yield word;
    const bare = withoutPunctuation(word);
    if (bare !== word) yield bare;
    const stem = bare.replace(fileEnding, '');
    if (stem !== bare) yield stem;
  }
}

/** A file of one patient is often named by the id. */
const fileEnding = /\.(?:fhir\.)?(?:nd)?json(?:\.gz)?$/;

/** Whether a text, such as a URL or a search, contains an id as a word. */
export function containsId(text: string, id: string): boolean {
  return (text.includes(id) || text.includes('%')) && possibleIds(text).some((word) => word === id);
}

function asCharacter(_: string, code: string): string {
  return String.fromCharCode(Number.parseInt(code, 16));
}

/** The text of a line, whatever its encoding, and without the escapes of JSON (RFC 8259, section 7). Other characters than ASCII are of no use. */
function textOf(line: Buffer): string {
  const text = line.toString('latin1');
  // Each second byte of an id in UTF-16 is zero.
  const narrow = text.includes('\0') ? text.replaceAll('\0', '') : text;
  if (!narrow.includes('\\')) return narrow;
  return narrow.replace(/\\(?:u([0-9A-Fa-f]{4})|(["\\/]))/g, (match, code: string | undefined, character: string) =>
    code === undefined ? character : asCharacter(match, code),
  );
}

export function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
