import type { FhirServer } from '../server/fhir-server.ts';
import type { SourceResource } from './find-data.ts';

/** The Group of all patients, for Group level exports. */
export const groupId = 'everyone';

/**
 * The types to which others refer are loaded first: a search by a reference finds only resources that were stored after
 * its target.
 */
const first = ['Organization', 'Location', 'Practitioner', 'Patient', 'Encounter'];
const batchSize = 200;

interface Load {
  readonly server: FhirServer;
  readonly resources: readonly SourceResource[];
  readonly progress: (text: string) => void;
}

/** Stores the resources under their own ids, and a Group of all patients. */
export async function loadData(load: Load): Promise<void> {
  const { server, resources } = load;
  await loadResources(load);
  const patients = resources.filter(({ type }) => type === 'Patient');
  const member = patients.map(({ id }) => ({ entity: { reference: `Patient/${id}` } }));
  const group = { resourceType: 'Group', id: groupId, type: 'person', actual: true, member };
  await server.put(`Group/${groupId}`, JSON.stringify(group));
}

/** Stores the resources under their own ids. */
export async function loadResources({ server, resources, progress }: Load): Promise<void> {
  const rank = ({ type }: SourceResource) => (first.includes(type) ? first.indexOf(type) : first.length);
  const ordered = resources.toSorted((left, right) => rank(left) - rank(right));
  for (let at = 0; at < ordered.length; at += batchSize) {
    progress(`${at} of ${ordered.length} resources`);
    const batch = ordered.slice(at, at + batchSize);
    await server.putAll(batch.map(({ type, id, text }) => ({ path: `${type}/${id}`, text })));
  }
}
