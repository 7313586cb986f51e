import { prepareAuthorizationWork } from './prepare-authorization.job.ts';
import { probeWork } from './probe/probe-connection.job.ts';
import { readCapabilitiesWork } from './read-capabilities.job.ts';
import { redeemAuthorizationWork } from './redeem-authorization.job.ts';
import { revokeWork } from './revoke-connection.job.ts';
import { testConnectionWork, testDraftWork } from './test-connection.job.ts';

export { connectionWork } from './connection-work.ts';
export type { ConnectionDeps, ProbeDeps } from './deps.ts';
export { connectionGone, readCapabilitiesWork, withCapabilities } from './read-capabilities.job.ts';
export { revokeWork } from './revoke-connection.job.ts';

export const connectionWorks = [
  testConnectionWork,
  testDraftWork,
  readCapabilitiesWork,
  prepareAuthorizationWork,
  redeemAuthorizationWork,
  probeWork,
  revokeWork,
] as const;
