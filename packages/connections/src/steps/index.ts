export { connectionGone } from './connection-gone.ts';
export type { ConnectionDeps } from './deps.ts';
export { failAuthorization, prepareAuthorization } from './prepare-authorization.ts';
export { readConnectionCapabilities } from './read-capabilities.ts';
export { redeemAuthorization } from './redeem-authorization.ts';
export { revoke, revokeConnection } from './revoke-connection.ts';
export { testConnectionAndSave } from './test-connection.ts';
export { withCapabilities } from './with-capabilities.ts';
