import type { FhirServer } from '../server/fhir-server.ts';

/** Numbers that a double or a JSON library would write differently. */
export const exactNumbers = ['1.50', '12345678901234567890.1234567890', '0.00000010', '2.500'] as const;

export function exactNumberPath(index: number): string {
  return `Observation/number-${index}`;
}

/**
 * Updates five Observations and a Patient, creates an Observation for each of the numbers, and deletes three Conditions
 * and an Observation. If a type has fewer resources, fewer are changed.
 *
 * @returns the deleted resources, as `Type/id`
 */
export async function changeData(server: FhirServer): Promise<readonly string[]> {
  const observations = (await server.firstOf('Observation', 6)).map(readResource);
  const patients = (await server.firstOf('Patient', 1)).map(readResource);
  const conditions = (await server.firstOf('Condition', 3)).map(readResource);
  const amended = observations.slice(0, -1);
  for (const resource of amended)
    await server.put(pathOf(resource), JSON.stringify({ ...resource, status: 'amended' }));
  for (const patient of patients) await server.put(pathOf(patient), JSON.stringify({ ...patient, gender: 'other' }));
  const deleted = [...conditions, ...observations.slice(-1)].map(pathOf);
  for (const path of deleted) await server.delete(path);
  const [subject] = patients;
  if (!subject) throw new Error('The server has no Patient to refer to.');
  // As a text, because JSON.stringify would change the numbers.
  for (const [index, number] of exactNumbers.entries()) {
    const path = exactNumberPath(index);
    const head = `"resourceType":"Observation","id":"${path.split('/')[1]}","status":"final","code":{"text":"é 😀"}`;
    const value = `"subject":{"reference":"${pathOf(subject)}"},"valueQuantity":{"value":${number}}`;
    await server.put(path, `{${head},${value}}`);
  }
  return deleted;
}

interface ChangedResource {
  readonly resourceType: string;
  readonly id: string;
}

function readResource(text: string): ChangedResource {
  return JSON.parse(text) as ChangedResource;
}

function pathOf({ resourceType, id }: ChangedResource): string {
  return `${resourceType}/${id}`;
}
