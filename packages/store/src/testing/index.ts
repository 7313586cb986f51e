export { compareDumps, type DatabaseCopy, type OpenDatabase, openDatabase, toTimestamp } from './open-database.ts';
export { openTestStore } from './open-test-store.ts';
export { everyInterruption, startReplicaSetProxies } from './start-replica-set-proxies.ts';
export { openGate, type TestContext, testContext } from './test-context.ts';
export { withMethods } from './with-methods.ts';
