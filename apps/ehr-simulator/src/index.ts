export { createEhrSimulator, type EhrSimulator } from './app.ts';
export { createSimulatorControl, type Stats, type Violations } from './control/simulator-control.ts';
export type { Clock } from './options/clock.ts';
export { simulatorEnvSchema } from './options/env.ts';
export type { EhrSimulatorOptions } from './options/options.ts';
export type { RecordedRequest } from './traffic/traffic-recorder.ts';
