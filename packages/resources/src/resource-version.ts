/** The fields that decide which of two versions of a resource is kept. */
export interface ResourceVersion {
  /** An incomplete version (`_elements`: the SUBSETTED tag). */
  readonly subsetted: boolean;
  /** `meta.lastUpdated`, or the time of the deletion for a tombstone. `observedAt` if the server gives no plausible time. */
  readonly lastUpdated: Date;
  readonly versionId?: string;
  /** True for a tombstone, which says that the server deleted the resource. */
  readonly deleted: boolean;
  /** The transactionTime of the export that contained it. At this time it was the server's current version. */
  readonly observedAt: Date;
  readonly contentHash: string;
}

/**
 * A server's clock may be wrong, and an instant may lack its offset, which moves it by up to 14 hours. A time that is more than a day in
 * the future is an error, and its version would win over all later versions for years.
 */
const toleratedFutureMs = 24 * 60 * 60 * 1000;

/** The time that a server gives a version. `observedAt` if it gives none, or an implausible one. */
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
 * Versions with content are totally ordered, and so are tombstones. Both together are not: old content, a tombstone, and the same content
 * after it was recreated form a cycle. The stored state still does not depend on the order of delivery if three conditions hold: the
 * versions are the history of one server, each export contains all changes and deletions since the previous one, and a recreated resource
 * has a later `lastUpdated` than before its deletion, or none. If a resource is recreated with an unchanged or an earlier `lastUpdated`,
 * the state is right if exports are delivered in their order.
 *
 * One case cannot be detected: if an identical copy is observed again, nothing is written, so the later observation is not recorded.
 * If the resource was deleted and recreated unchanged in between, the tombstone of an export that is delivered after the copy still
 * wins, and the resource is missing until another export contains it.
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

/** The order is: absent, numbers, other texts. Numbers are compared by value, whatever their length. */
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
