import { testServices } from '@bulkhead/testing';

/**
 * How `startTestSystem` starts a system for tests that kill no server and are not about the rate: on the servers of the test run, with one
 * worker and a fast rate.
 */
export const onTestServers = () => ({ services: testServices(), workerCount: 1, hasFastRate: true });
