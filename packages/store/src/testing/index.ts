export { openTestStore } from './open-test-store.ts';
export { openGate, testContext } from './test-context.ts';
