export { createEhrSimulator, type EhrSimulator } from './app.ts';
export type { Clock } from './options/clock.ts';
export { simulatorEnvSchema } from './options/env.ts';
export type { EhrSimulatorOptions } from './options/options.ts';
