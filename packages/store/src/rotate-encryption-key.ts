import type { EncryptionKeyRepository } from './encryption-key.repository.ts';
import type { SealedPlace } from './sealed-place.ts';

export interface RotationReport {
  readonly collection: string;
  readonly field: string;
  readonly resealed: number;
  /** Values that another key has encrypted: a process still encrypts with that key, or none of our keys decrypts the value. */
  readonly left: number;
}

/**
 * Encrypts every value with the current key, while other processes read and write. It can be stopped and started again at any
 * time, because finished values stay as they are.
 * @param options.dryRun only count the values.
 */
export async function rotateEncryptionKey(options: {
  readonly places: readonly SealedPlace[];
  readonly keys: EncryptionKeyRepository;
  readonly dryRun: boolean;
}): Promise<RotationReport[]> {
  const { places, keys, dryRun } = options;
  const resealed = new Map<SealedPlace, number>();
  if (!dryRun) for (const place of places) resealed.set(place, await place.reseal());
  const report: RotationReport[] = [];
  // Count after the last rotation, so that values which other processes stored in the meantime are counted too.
  for (const place of places) {
    const { collection, field } = place;
    report.push({ collection, field, resealed: resealed.get(place) ?? 0, left: await place.countLeft() });
  }
  if (!dryRun && report.every(({ left }) => left === 0)) await keys.forgetPrevious();
  return report;
}
