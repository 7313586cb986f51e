import { parseFhirJson } from '../json/parse-json.ts';
import { referencedId } from './patient-compartment.ts';

/**
 * Whether a line of any shape is about a patient: it is the Patient, or one of its strings, at any place, is a reference to the
 * Patient. A line that is not JSON is searched for the reference, and for the id in quotation marks.
 */
export function mentionsPatient(line: Buffer, patientId: string): boolean {
  const text = line.toString('latin1');
  // Most lines do not contain the id at all and need not be parsed.
  if (!text.includes(patientId)) return false;
  const parsed = parse(line);
  return parsed ? isInValue(parsed.value, patientId) : isInText(text, patientId);
}

function parse(line: Buffer): { readonly value: unknown } | undefined {
  try {
    return parseFhirJson(line);
  } catch {
    return undefined;
  }
}

/** Uses a list instead of recursion, because a line may be quarantined for being nested too deeply. */
function isInValue(root: unknown, patientId: string): boolean {
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value === 'string' && referencedId(value, 'Patient') === patientId) return true;
    if (typeof value !== 'object' || value === null) continue;
    const { resourceType, id } = value as { readonly resourceType?: unknown; readonly id?: unknown };
    if (resourceType === 'Patient' && id === patientId) return true;
    for (const member of Object.values(value)) pending.push(member);
  }
  return false;
}

const idCharacter = /[A-Za-z0-9\-._]/;

function isInText(text: string, patientId: string): boolean {
  if (text.includes(`"${patientId}"`)) return true;
  const reference = `Patient/${patientId}`;
  for (let at = text.indexOf(reference); at !== -1; at = text.indexOf(reference, at + 1)) {
    if (!idCharacter.test(text[at + reference.length] ?? '')) return true;
  }
  return false;
}
