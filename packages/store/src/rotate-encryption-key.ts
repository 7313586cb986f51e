import type { EncryptionKeyRepository } from './encryption-key.repository.ts';
import type { SealedPlace } from './sealed-place.ts';

export interface RotationReport {
  readonly collection: string;
  readonly field: string;
  readonly resealed: number;
  /** Sealed by another key than the current one: by a process that still has it as its own, or readable by no key. */
  readonly left: number;
}

/**
 * Seals everything with the current key, while others read and write. Whatever was done stays done, so it can be stopped
 * and started again at any time.
 * @param options.dryRun counts only.
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
  // Counted after all of them, so that a value which came meanwhile is seen.
  for (const place of places) {
    const { collection, field } = place;
    report.push({ collection, field, resealed: resealed.get(place) ?? 0, left: await place.countLeft() });
  }
  if (!dryRun && report.every(({ left }) => left === 0)) await keys.forgetPrevious();
  return report;
}
