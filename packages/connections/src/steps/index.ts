export { connectionWork } from './connection-work.ts';
export type { ConnectionDeps, ProbeDeps } from './deps.ts';
export { connectionGone, withCapabilities } from './read-capabilities.job.ts';
