export { connectionWork } from './connection-work.ts';
export type { ConnectionDeps } from './deps.ts';
export { connectionGone, withCapabilities } from './read-capabilities.job.ts';
