export { createEhrSimulator, type EhrSimulator } from './app.ts';
export type { Clock } from './clock.ts';
export { simulatorEnvSchema } from './env.ts';
export type { EhrSimulatorOptions } from './options.ts';
