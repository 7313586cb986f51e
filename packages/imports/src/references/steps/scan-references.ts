/*
 * Finds the resources to which stored resources refer and which are not stored. It looks through what has changed since it did so last, for each
 * type in the order of the changes, so an incremental export costs as much as it has changed, and an attempt that ends early has lost some
 * hundred resources.
 *
 *   stored or changed   its references to what is not stored become open
 *   stored              it is no longer open itself
 */

import type { ConnectionStore } from '@bulkhead/connections';
import { isInPatientCompartment, patientsOf, type Resource, referredTargets, referredTypes } from '@bulkhead/fhir';
import type { ResourceStore } from '@bulkhead/records';
import type { OpenReference, Target } from '../open-reference.repository.ts';
import type { ReferenceStore } from '../reference.feature.ts';

/** The repositories that a scan reads and writes. */
export interface ScanDeps {
  readonly store: Pick<ReferenceStore, 'openReferences'> &
    Pick<ConnectionStore, 'connections'> &
    Pick<ResourceStore, 'resources' | 'resourceChanges'>;
}

interface Scan {
  readonly connectionId: string;
  readonly signal: AbortSignal;
  /** Called after each part. */
  readonly progress: () => void;
}

/** Resources of a part. Each refers to some ten others, most of them to the same, and a command with thousands of ids takes milliseconds. */
const partSize = 500;

/** Looks through what has changed since the last time. The references of the connection are then known up to now. */
export async function scanReferences({ store }: ScanDeps, { connectionId, signal, progress }: Scan): Promise<void> {
  const connection = await store.connections.find(connectionId);
  if (!connection) return;
  // What is stored later is read again next time, because changes before it can still become visible.
  const until = await store.resourceChanges.settledUntil();
  const marks = await store.openReferences.readMarks(connectionId);
  for (const resourceType of await store.resources.listStoredTypes(connectionId)) {
    const since = marks[resourceType] ?? new Date(0);
    let part = new Part(connectionId);
    const changes = store.resourceChanges.readInOnePass({ connectionId, resourceType, since, signal });
    for await (const { resourceId, resource, changedAt } of changes) {
      part.add({ resourceType, resourceId }, resource as Resource | undefined, connection.fhirEndpoint);
      if (part.size < partSize) continue;
      await part.save(store);
      part = new Part(connectionId);
      const at = new Date(Math.min(changedAt.getTime(), until.getTime()));
      await store.openReferences.advanceMark({ connectionId, resourceType, at });
      progress();
    }
    await part.save(store);
    await store.openReferences.advanceMark({ connectionId, resourceType, at: until });
  }
}

interface FoundTarget extends Target {
  readonly patientIds: Set<string>;
  /** What refers to it, if it belongs to the records of patients. */
  readonly from: Target[];
}

/** What some hundred changed resources say about references. */
class Part {
  size = 0;
  readonly #connectionId;
  readonly #stored: Target[] = [];
  readonly #targets = new Map<string, FoundTarget>();

  constructor(connectionId: string) {
    this.#connectionId = connectionId;
  }

  /** @param resource undefined if it was deleted */
  add(changed: Target, resource: Resource | undefined, fhirEndpoint: string): void {
    this.size += 1;
    if (referredTypes.includes(changed.resourceType)) this.#stored.push(changed);
    if (!resource) return;
    for (const { type: resourceType, id: resourceId } of referredTargets(resource, fhirEndpoint)) {
      const key = `${resourceType}/${resourceId}`;
      const target = this.#targets.get(key) ?? { resourceType, resourceId, patientIds: new Set(), from: [] };
      this.#targets.set(key, target);
      if (!isInPatientCompartment(resourceType)) continue;
      target.from.push(changed);
      for (const patientId of patientsOf(resource)) target.patientIds.add(patientId);
    }
  }

  async save({ openReferences, resources }: ScanDeps['store']): Promise<void> {
    const connectionId = this.#connectionId;
    await openReferences.remove(connectionId, this.#stored);
    const open = await without(resources, { connectionId, targets: [...this.#targets.values()], which: 'known' });
    const toAdd = open.map(({ from: _, patientIds, ...target }): OpenTarget => {
      return { ...target, patientIds: [...patientIds] };
    });
    await openReferences.add(connectionId, toAdd);
    // An erasure may have deleted what refers to them since it was read, and what it deletes must not be read again. If it does so after this
    // check, its next pass deletes the reference.
    const referring = open.flatMap(({ from }) => from);
    const gone = await without(resources, { connectionId, targets: referring, which: 'current' });
    const goneKeys = new Set(gone.map(keyOf));
    const orphaned = open.filter(({ from }) => from.some((referrer) => goneKeys.has(keyOf(referrer))));
    await openReferences.remove(connectionId, orphaned);
  }
}

type OpenTarget = Target & Pick<OpenReference, 'patientIds'>;

function keyOf({ resourceType, resourceId }: Target): string {
  return `${resourceType}/${resourceId}`;
}

/** Leaves out what is stored, or was ever stored. */
async function without<Item extends Target>(
  resources: ScanDeps['store']['resources'],
  options: { readonly connectionId: string; readonly targets: readonly Item[]; readonly which: 'current' | 'known' },
): Promise<Item[]> {
  const { connectionId, targets, which } = options;
  const left: Item[] = [];
  for (const [resourceType, ofType] of Map.groupBy(targets, (target) => target.resourceType)) {
    const ids = [...new Set(ofType.map(({ resourceId }) => resourceId))];
    const known = await resources.findKnown({ connectionId, resourceType, ids });
    const isLeft = ({ resourceId }: Item) => {
      const found = known.get(resourceId);
      return which === 'known' ? found === undefined : found === undefined || found.deleted;
    };
    left.push(...ofType.filter(isLeft));
  }
  return left;
}
