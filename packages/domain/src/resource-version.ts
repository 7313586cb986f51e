/** What decides which of two versions of a resource is kept. */
export interface ResourceVersion {
  /** An incomplete version (`_elements`: the SUBSETTED tag). */
  readonly subsetted: boolean;
  /** `meta.lastUpdated`, or the export's transactionTime where the server sends none. */
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
 * A total order, so that any order of files, workers and repetitions ends in the same stored state: complete before
 * incomplete, then `lastUpdated`, then a tombstone before content of the same instant, then `versionId` (as numbers where
 * both are), then the later observation, then the hash. Equal content of an equal version is `same`, whenever it was seen.
 */
export function compareVersions(incoming: ResourceVersion, stored: ResourceVersion): Comparison {
  const ranked =
    Number(!incoming.subsetted) - Number(!stored.subsetted) ||
    incoming.lastUpdated.getTime() - stored.lastUpdated.getTime() ||
    Number(incoming.deleted) - Number(stored.deleted) ||
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
