import { testServices } from '@bulkhead/testing';
import { type ChaosStart, type ChaosSystem, startChaosSystem } from './start-chaos-system.ts';

/**
 * Starts a system for tests that kill no server and are not about the rate: on the servers of the test run, with one worker
 * and a fast rate.
 */
export function startQuickSystem(options: Pick<ChaosStart, 'folder' | 'patients' | 'env'>): Promise<ChaosSystem> {
  const shared = { seed: 1, report: () => undefined, services: testServices(), workerCount: 1, hasFastRate: true };
  return startChaosSystem({ ...shared, ...options });
}
