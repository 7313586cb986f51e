import { anyPatient, patientsShown } from '@bulkhead/access/audit';
import type { ByteReservation } from '@bulkhead/base';
import { historyBundle, historyEntry, type Resource } from '@bulkhead/fhir';
import type { TypedChange } from '../changes/resource-changes.ts';
import { writeChangeCursor } from '../changes/resource-changes.ts';
import { PageRoom } from '../read/page-room.ts';
import type { ResourceStore } from '../resource.feature.ts';
import { type HistoryRequest, openWindow } from './read-history.ts';
import { type ReadLines, type ReadText, type ShowAttachments, showEntries, withCursor } from './read-text.ts';

export interface ChangesRequest extends HistoryRequest {
  /** Undefined: all types. */
  readonly resourceTypes: readonly string[] | undefined;
}

type ReadChanges = ChangesRequest & {
  readonly connectionId: string;
  readonly fhirEndpoint: string;
  readonly changes: ResourceStore['resourceChanges'];
  readonly show: ShowAttachments;
  /** Taken before the page becomes a large one. */
  readonly turn: ByteReservation;
};

/** Reads one page of the changes of several types, the oldest first, as a history Bundle in JSON. See `readHistory`. */
export async function readChanges(options: ReadChanges): Promise<ReadText> {
  const { connectionId, changes, count, address, signal, resourceTypes, show, turn } = options;
  const reference = { connectionId, resourceType: resourceTypes?.join(',') ?? '*' };
  const { window, place } = await openWindow({ ...options, ...reference });
  const { since, until } = window;
  const entries = new Map<string, ReturnType<typeof toEntry>>();
  const patients = new Set<string>();
  const room = new PageRoom(count);
  let next: string | undefined;
  for await (const change of changes.readInOrder({
    connectionId,
    resourceTypes,
    since,
    position: place?.position,
    signal,
  })) {
    const entry = toEntry(change, options);
    const characters = entry.resource?.length ?? 0;
    if (change.beginsPage && !room.fits(characters)) {
      next = withCursor(address, writeChangeCursor({ ...reference, since, until, ...change.place }));
      break;
    }
    room.add(characters);
    if (room.isLarge) await turn.take();
    // A resource that changed meanwhile is at the place of its later version.
    entries.delete(entry.reference);
    entries.set(entry.reference, entry);
    for (const patient of patientsOf(change)) patients.add(patient);
  }
  const shown = await showEntries([...entries.values()], show);
  const text = historyBundle({ self: address.href, next, until, entries: shown });
  return { text, patients: [...patients] };
}

/** Reads all changes as NDJSON. Each line is an entry, and the last line is a Bundle without entries that has the end of the window. */
export async function streamChanges(
  options: Omit<ReadChanges, 'cursor' | 'count' | 'address' | 'show' | 'turn'>,
): Promise<ReadLines & { readonly until: Date }> {
  const { connectionId, changes, signal, resourceTypes } = options;
  const { window } = await openWindow({ ...options, resourceType: '*', cursor: undefined });
  const { since, until } = window;
  async function* lines(): AsyncGenerator<Buffer> {
    let text = '';
    for await (const change of changes.readInOrder({ connectionId, resourceTypes, since, signal })) {
      text += `${historyEntry(toEntry(change, options))}\n`;
      if (text.length < chunkCharacters) continue;
      yield Buffer.from(text);
      text = '';
    }
    const end = { resourceType: 'Bundle', type: 'history', meta: { lastUpdated: until.toISOString() } };
    yield Buffer.from(`${text}${JSON.stringify(end)}\n`);
  }
  return { lines: lines(), patients: [anyPatient], until };
}

/** As for other streams of resources. */
const chunkCharacters = 64 * 1024;

function toEntry(change: TypedChange, { fhirEndpoint }: Pick<ReadChanges, 'fhirEndpoint'>) {
  const { deleted, resourceType, resourceId, versionId, changedAt } = change;
  const content = deleted ? undefined : (change.resource as Resource);
  const resource = content && JSON.stringify(content);
  const reference = `${resourceType}/${resourceId}`;
  return { fullUrl: `${fhirEndpoint}/${reference}`, reference, resource, content, versionId, changedAt };
}

/** A deleted resource has no content, but the id of a deleted patient is known. */
function patientsOf({ deleted, resourceType, resourceId, resource }: TypedChange): readonly string[] {
  if (!deleted) return patientsShown(resource as Resource);
  return resourceType === 'Patient' ? [resourceId] : [];
}
