/*
 * Lines that are not usable resources are searched as text, because they may not be JSON at all. JSON can write a reference in many ways,
 * such as `Patient\/p1` and `Patient\u002fp1`, so its escapes are undone first.
 */

/** https://hl7.org/fhir/R4/datatypes.html#id */
const reference = /Patient\/([A-Za-z0-9\-.]{1,64})/g;
const patientResource = /"resourceType"\s{0,20}:\s{0,20}"Patient"/;
const idMember = /"id"\s{0,20}:\s{0,20}"([A-Za-z0-9\-.]{1,64})"/g;

/** The patients that a line of any shape may be about: those that its texts refer to and, if it contains a Patient, every id in it. */
export function listMentionedPatients(line: Buffer): Set<string> {
  const text = unescaped(line);
  const ids = new Set<string>();
  for (const [, id] of text.matchAll(reference)) ids.add(id as string);
  if (patientResource.test(text)) for (const [, id] of text.matchAll(idMember)) ids.add(id as string);
  return ids;
}

/** Whether a line of any shape is about a patient. A line that is not JSON may also have the id alone. */
export function mentionsPatient(line: Buffer, patientId: string): boolean {
  const text = unescaped(line);
  // Most lines do not contain the id at all.
  if (!text.includes(patientId)) return false;
  if (listMentionedPatients(line).has(patientId)) return true;
  return text.includes(`"${patientId}"`) && !isJson(line);
}

const idCharacter = /[A-Za-z0-9\-.]/;

/** Whether a text, such as a URL or a search, contains an id as a word. */
export function containsId(text: string, id: string): boolean {
  for (let at = text.indexOf(id); at !== -1; at = text.indexOf(id, at + 1)) {
    if (!idCharacter.test(text[at - 1] ?? '') && !idCharacter.test(text[at + id.length] ?? '')) return true;
  }
  return false;
}

/** Undoes the escapes of JSON (RFC 8259, section 7). Others stay as they are. */
function unescaped(line: Buffer): string {
  const text = line.toString('latin1');
  if (!text.includes('\\')) return text;
  return text.replace(/\\(?:u([0-9A-Fa-f]{4})|(["\\/]))/g, (_, code: string | undefined, character: string) =>
    code === undefined ? character : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
