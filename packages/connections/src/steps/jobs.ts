export { prepareAuthorizationJob } from './prepare-authorization.job.ts';
export { probeJob } from './probe/probe-connection.job.ts';
export { readCapabilitiesJob } from './read-capabilities.job.ts';
export { redeemAuthorizationJob } from './redeem-authorization.job.ts';
export { revokeJob } from './revoke-connection.job.ts';
export { testConnectionJob, testDraftJob } from './test-connection.job.ts';
