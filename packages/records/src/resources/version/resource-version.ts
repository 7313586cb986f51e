/** The fields that decide which of two versions of a resource is kept. */
export interface ResourceVersion {
  /** An incomplete version (`_elements`: the SUBSETTED tag). */
  readonly subsetted: boolean;
  /** `meta.lastUpdated`, or the time of the deletion for a tombstone. `observedAt` if the server gives no plausible time. */
  readonly lastUpdated: Date;
  readonly versionId?: string;
  /** True for a tombstone, which says that the server deleted the resource. */
  readonly deleted: boolean;
  /**
   * At this time it was the server's current version: the transactionTime of the export, but never later than the kick-off by our own
   * clock.
   */
  readonly observedAt: Date;
  /** From an export of everything. It shows what the server has, whatever time the server gives the version. */
  readonly isOfFullExport?: boolean;
  readonly contentHash: string;
}

/**
 * The time that a server gives a version. `observedAt` if it gives none, or one after the observation. Such a time was written by a clock
 * that is ahead, or is a local time without its offset, and its version would win over later ones until then.
 */
export function plausibleTime(options: { readonly stated: Date | undefined; readonly observedAt: Date }): Date {
  const { stated, observedAt } = options;
  // False for an invalid date too.
  return stated !== undefined && stated <= observedAt ? stated : observedAt;
}

export type Comparison = 'newer' | 'same' | 'older';

/**
 * Decides which of two versions of a resource is kept.
 *
 * - Two versions with content: complete before incomplete, then one of a full export that was observed later, then `lastUpdated`, then
 *   `versionId` (as numbers if both are), then the later observation, then the hash. Equal content of an equal version is `same`, whenever
 *   it was observed. Equal content without a time of the server is `same`, too: otherwise each export would change everything. A full
 *   export corrects what a wrong clock has written, and shows that a server went back to an earlier version, as after a restored backup.
 *   Other exports and searches do not, because they may be answered from an index that is behind.
 * - Two tombstones: the later one, by its own time, then by its observation.
 * - Content against a tombstone: the content wins if it was observed by the same export as the tombstone or a later one,
 *   since the server then has it, or if its `lastUpdated` is later than the tombstone. Otherwise the tombstone wins. After the server's
 *   clock went back, the times of deletions do not count, and what an export contains is stored again, so that only `observedAt` decides.
 *
 * Versions with content are totally ordered while no server goes back, and so are tombstones. Both together are not: old content, a tombstone, and the same content
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
  const completeness = Number(!incoming.subsetted) - Number(!stored.subsetted);
  const age = compareAges(incoming, stored);
  const isSameAge = age === 0 || (isTimeless(incoming) && isTimeless(stored));
  if (completeness === 0 && isSameAge && incoming.contentHash === stored.contentHash) return 'same';
  const shown = Number(isShownAfter(incoming, stored)) - Number(isShownAfter(stored, incoming));
  const ranked = completeness || shown || age;
  if (ranked !== 0) return ranked > 0 ? 'newer' : 'older';
  const later = incoming.observedAt.getTime() - stored.observedAt.getTime();
  return later > 0 || (later === 0 && incoming.contentHash > stored.contentHash) ? 'newer' : 'older';
}

/** Whether the server gives a version no plausible time, so that it has the one of its observation. */
export function isTimeless({ lastUpdated, observedAt }: Pick<ResourceVersion, 'lastUpdated' | 'observedAt'>): boolean {
  return lastUpdated.getTime() === observedAt.getTime();
}

/** Whether a copy makes its version newer, because the version has no time of the server. */
export function renews(copy: ResourceVersion, version: Pick<ResourceVersion, 'observedAt'>): boolean {
  return !copy.deleted && isTimeless(copy) && copy.observedAt > version.observedAt;
}

function compareAges(incoming: ResourceVersion, stored: ResourceVersion): number {
  return (
    incoming.lastUpdated.getTime() - stored.lastUpdated.getTime() ||
    compareVersionIds(incoming.versionId, stored.versionId)
  );
}

/** Whether an export of everything has shown a version after the other one was observed. */
function isShownAfter(version: ResourceVersion, other: ResourceVersion): boolean {
  return version.isOfFullExport === true && version.observedAt > other.observedAt;
}

/** Whether the server has gone back to an earlier version: the incoming one is kept although the stored one has a later time. */
export function isSetBack(incoming: ResourceVersion, stored: ResourceVersion): boolean {
  return !incoming.deleted && !stored.deleted && incoming.lastUpdated < stored.lastUpdated;
}

/** Whether a version is kept although the EHR sent a later one, because that one is incomplete. */
export function hidesLater(kept: ResourceVersion, incoming: ResourceVersion): boolean {
  return incoming.subsetted && !kept.subsetted && !kept.deleted && compareAges(incoming, kept) > 0;
}

/**
 * Whether an export contains a resource and also says that it was deleted after this version. The content is kept (`outlives`): a resource
 * that is shown although it was deleted can still be deleted, but one that was deleted by mistake is lost to its readers.
 */
export function contradicts(incoming: ResourceVersion, stored: ResourceVersion): boolean {
  if (incoming.deleted === stored.deleted) return false;
  const [content, tombstone] = incoming.deleted ? [stored, incoming] : [incoming, stored];
  // Two exports have different transaction times.
  return (
    content.observedAt.getTime() === tombstone.observedAt.getTime() && content.lastUpdated <= tombstone.lastUpdated
  );
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
