import { resourceError } from '../errors.ts';
import type { ResourceStore } from '../resource.feature.ts';

/** @throws AppError `history-expired` if deletions since that time may be unknown */
export async function checkSince(since: Date, changes: ResourceStore['resourceChanges']): Promise<void> {
  const knownSince = await changes.deletionsKnownSince();
  if (knownSince && since < knownSince) throw resourceError('history-expired');
}
