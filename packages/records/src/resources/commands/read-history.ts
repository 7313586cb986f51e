import { patientsShown } from '@bulkhead/access/audit';
import { type ByteReservation, invalidRequest } from '@bulkhead/base';
import { type HistoryEntry, historyBundle, type Resource } from '@bulkhead/fhir';
import { readChangeCursor, writeChangeCursor } from '../changes/resource-changes.ts';
import { PageRoom } from '../read/page-room.ts';
import type { ResourceStore } from '../resource.feature.ts';
import { wholeSecond } from '../version/changed-since.ts';
import { type ReadText, type ShowAttachments, showEntries, withCursor } from './read-text.ts';

export interface HistoryRequest {
  /** Undefined: from the beginning. A reader who has nothing yet needs no deletions. */
  readonly since: Date | undefined;
  /** The number of changes on the page. */
  readonly count: number;
  /** From the link to the page. */
  readonly cursor?: string | undefined;
  /** The absolute URL of the request, from which the links to pages are made. */
  readonly address: URL;
  /** Aborted when the client has closed the connection. */
  readonly signal: AbortSignal;
}

type ReadHistory = HistoryRequest & {
  readonly connectionId: string;
  readonly resourceType: string;
  readonly fhirEndpoint: string;
  readonly changes: ResourceStore['resourceChanges'];
  readonly show: ShowAttachments;
  /** Taken before the page becomes a large one. */
  readonly turn: ByteReservation;
};

/**
 * Reads one page of what was stored since a time, the newest first, as a history Bundle in JSON. See `readNewestFirst`.
 * @throws AppError `history-expired` if deletions since that time may be unknown
 */
export async function readHistory(options: ReadHistory): Promise<ReadText> {
  const { connectionId, resourceType, fhirEndpoint, changes, count, address, signal, show, turn } = options;
  const reference = { connectionId, resourceType };
  const { window, place } = await openWindow(options);
  const { since, until } = window;
  const entries = new Map<string, HistoryEntry & { readonly content: Resource | undefined }>();
  const patients = new Set<string>();
  const room = new PageRoom(count);
  let next: string | undefined;
  for await (const change of changes.readNewestFirst({ ...reference, since, place, signal })) {
    const { deleted, resourceId, versionId, changedAt } = change;
    const content = deleted ? undefined : (change.resource as Resource);
    const resource = content && JSON.stringify(content);
    const characters = resource?.length ?? 0;
    if (change.beginsPage && !room.fits(characters)) {
      next = withCursor(address, writeChangeCursor({ ...reference, since, until, ...change.place }));
      break;
    }
    room.add(characters);
    if (room.isLarge) await turn.take();
    const path = `${resourceType}/${resourceId}`;
    entries.set(path, { fullUrl: `${fhirEndpoint}/${path}`, reference: path, resource, content, versionId, changedAt });
    // A deleted resource has no content, but the id of a deleted patient is known.
    const ofDeleted = resourceType === 'Patient' ? [resourceId] : [];
    for (const patient of content ? patientsShown(content) : ofDeleted) patients.add(patient);
  }
  const shown = await showEntries([...entries.values()], show);
  const text = historyBundle({ self: address.href, next, until, entries: shown });
  return { text, patients: [...patients] };
}

/** The clocks of the reader and of MongoDB can differ by some minutes. */
const futureAfterMs = 10 * 60_000;

/**
 * @returns the window, and where in it the page begins. Without a cursor it begins with the first change
 * @throws AppError `history-expired`, `invalid-request`
 */
export async function openWindow(
  options: Pick<ReadHistory, 'connectionId' | 'resourceType' | 'changes' | 'cursor' | 'since'>,
) {
  const { connectionId, resourceType, changes, cursor } = options;
  const since = wholeSecond(options.since?.getTime() ?? 0);
  if (options.since) await changes.checkSince(since);
  if (cursor === undefined) {
    const until = await changes.settledUntil();
    if (since.getTime() > until.getTime() + futureAfterMs) {
      const message =
        'is in the future. Send `meta.lastUpdated` of the last answer, and check the clock of this machine';
      throw invalidRequest([{ path: '_since', message }]);
    }
    return { window: { since, until }, place: undefined };
  }
  const place = readChangeCursor({ connectionId, resourceType, since, cursor });
  if (place) return { window: { since, until: place.until }, place };
  const message = 'is not a cursor of this history. Use the `next` link of a page unchanged, or leave it out';
  throw invalidRequest([{ path: '_cursor', message }]);
}
