/** What decides which of two versions of a resource is kept. */
export interface ResourceVersion {
  /** An incomplete version (`_elements`: the SUBSETTED tag). */
  readonly subsetted: boolean;
  /** `meta.lastUpdated`, or of a tombstone the time of the deletion; `observedAt` if the server gives no plausible time. */
  readonly lastUpdated: Date;
  readonly versionId?: string;
  /** A tombstone: the server says that the resource was deleted. */
  readonly deleted: boolean;
  /** The transactionTime of the export that brought it: when this was the server's truth. */
  readonly observedAt: Date;
  readonly contentHash: string;
}

/**
 * A server's clock may be wrong, and an instant may lack its offset, which moves it by up to 14 hours. What lies further in
 * the future than a day is an error, and would outrank every later version for years.
 */
const toleratedFutureMs = 24 * 60 * 60 * 1000;

/** The time that a server gives a version; `observedAt` if it gives none, or one that cannot be true. */
export function plausibleTime(options: { readonly claimed: Date | undefined; readonly observedAt: Date }): Date {
  const { claimed, observedAt } = options;
  const latest = observedAt.getTime() + toleratedFutureMs;
  // False for an invalid date too.
  return claimed !== undefined && claimed.getTime() <= latest ? claimed : observedAt;
}

export type Comparison = 'newer' | 'same' | 'older';

/**
 * Decides which of two versions of a resource is kept.
 *
 * - Two versions with content: complete before incomplete, then `lastUpdated`, then `versionId` (as numbers if both are),
 *   then the later observation, then the hash. Equal content of an equal version is `same`, whenever it was observed.
 * - Two tombstones: the later one, by its own time, then by its observation.
 * - Content against a tombstone: the content wins if it was observed by the same export as the tombstone or a later one,
 *   since the server then has it, or if its `lastUpdated` is later than the tombstone. Otherwise the tombstone wins.
 *
 * Content alone, and tombstones alone, are totally ordered. Both together are not: old content, a tombstone, and the same
 * content that came back form a circle. The stored state still does not depend on the order of delivery if the versions
 * are what one server went through, each of its exports has every change and deletion since the export before, and a
 * resource that is created again has a later `lastUpdated` than before its deletion, or none. If a resource comes back with
 * an unchanged or an earlier `lastUpdated`, the state is right if exports are delivered in their order.
 *
 * One case cannot be told: an identical copy that is observed again writes nothing, so its later observation is not
 * remembered. If the resource was deleted and came back unchanged in between, the tombstone of an export that is delivered
 * after the copy still wins, and the resource is missing until an export brings it again.
 *
 * The property tests of the resource writer prove this with generated histories.
 */
export function compareVersions(incoming: ResourceVersion, stored: ResourceVersion): Comparison {
  if (incoming.deleted !== stored.deleted) {
    const isContentKept = incoming.deleted ? outlives(stored, incoming) : outlives(incoming, stored);
    return isContentKept === incoming.deleted ? 'older' : 'newer';
  }
  return incoming.deleted ? compareTombstones(incoming, stored) : compareContents(incoming, stored);
}

/** Whether content is kept although there is a tombstone. */
function outlives(content: ResourceVersion, tombstone: ResourceVersion): boolean {
  return content.observedAt >= tombstone.observedAt || content.lastUpdated > tombstone.lastUpdated;
}

function compareTombstones(incoming: ResourceVersion, stored: ResourceVersion): Comparison {
  const later =
    incoming.lastUpdated.getTime() - stored.lastUpdated.getTime() ||
    incoming.observedAt.getTime() - stored.observedAt.getTime();
  if (later === 0) return 'same';
  return later > 0 ? 'newer' : 'older';
}

function compareContents(incoming: ResourceVersion, stored: ResourceVersion): Comparison {
  const ranked =
    Number(!incoming.subsetted) - Number(!stored.subsetted) ||
    incoming.lastUpdated.getTime() - stored.lastUpdated.getTime() ||
    compareVersionIds(incoming.versionId, stored.versionId);
  if (ranked !== 0) return ranked > 0 ? 'newer' : 'older';
  if (incoming.contentHash === stored.contentHash) return 'same';
  const later = incoming.observedAt.getTime() - stored.observedAt.getTime();
  return later > 0 || (later === 0 && incoming.contentHash > stored.contentHash) ? 'newer' : 'older';
}

/** Absent before numbers before other texts; numbers of any length as numbers. */
function compareVersionIds(left = '', right = ''): number {
  const [leftKind, rightKind] = [versionIdKind(left), versionIdKind(right)];
  if (leftKind !== rightKind) return leftKind - rightKind;
  if (left === right) return 0;
  const larger = leftKind === 1 ? BigInt(left) > BigInt(right) : left > right;
  return larger ? 1 : -1;
}

function versionIdKind(versionId: string): 0 | 1 | 2 {
  if (versionId === '') return 0;
  return /^\d+$/.test(versionId) ? 1 : 2;
}
