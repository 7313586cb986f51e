export { createEhrSimulator, type EhrSimulator } from './app.ts';
export type { Clock } from './clock.ts';
export { simulatorEnvSchema } from './env.ts';
export {
  type DeletionForm,
  type ErrorFilePlan,
  type ExportPlan,
  type FileFailure,
  goodPlan,
  type Refusal,
  type RetryAfterForm,
} from './hostile/export-plan.ts';
export { type HostileServer, startHostileServer } from './hostile/hostile-server.ts';
export { type CurrentVersion, endOf, type Life, World } from './hostile/world.ts';
export type { EhrSimulatorOptions } from './options.ts';
