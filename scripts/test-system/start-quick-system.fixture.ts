import { testServices } from '@bulkhead/testing';
import { startTemporarySystem, type TemporaryStart, type TemporarySystem } from './start-temporary-system.ts';

/**
 * Starts a system for tests that kill no server and are not about the rate: on the servers of the test run, with one worker
 * and a fast rate.
 */
export function startQuickSystem(options: Pick<TemporaryStart, 'patients' | 'env'>): Promise<TemporarySystem> {
  return startTemporarySystem({ services: testServices(), workerCount: 1, hasFastRate: true, ...options });
}
