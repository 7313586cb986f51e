import { AppError } from '@bulkhead/base';
import type { ResourceStore } from '@bulkhead/records';

/** Never lets resources of a patient be stored again. For a connection that is purged meanwhile, nothing is stored anyway. */
export async function keepOut(
  { keptOut }: Pick<ResourceStore, 'keptOut'>,
  patient: Parameters<ResourceStore['keptOut']['add']>[0],
): Promise<void> {
  try {
    await keptOut.add(patient);
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'connection-erased')) throw error;
  }
}
