export { createEhrSimulator, type EhrSimulator } from './app.ts';
export type { Clock } from './clock.ts';
export { simulatorEnvSchema } from './env.ts';
export {
  type DeletionForm,
  type ErrorFilePlan,
  type ExportPlan,
  type FileFailure,
  goodPlan,
  type Interruption,
  type Refusal,
  type RetryAfterForm,
  type TokenFailure,
} from './hostile/export-plan.ts';
export { HostileServer } from './hostile/hostile-server.ts';
export { goodSearchPlan, type SearchPlan } from './hostile/search-plan.ts';
export { type CurrentVersion, type Life, World } from './hostile/world.ts';
export type { EhrSimulatorOptions } from './options.ts';
