export { connectionWork } from './connection-work.ts';
export type { ConnectionDeps } from './deps.ts';
export { failAuthorization, prepareAuthorization } from './prepare-authorization.ts';
export { connectionGone, readConnectionCapabilities, withCapabilities } from './read-capabilities.ts';
export { redeemAuthorization } from './redeem-authorization.ts';
export { revokeConnection } from './revoke-connection.ts';
export { testConnectionAndSave, testDraftAndSave } from './test-connection.ts';
