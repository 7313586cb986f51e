export { findChromium } from './browser/find-chromium.ts';
export { cacheFolder } from './cache-folder.ts';
export { EmbeddedError } from './embedded.error.ts';
export { type SpawnTetheredOptions, spawnTethered, type Tethered } from './processes/spawn-tethered.ts';
export { findPromtool } from './prometheus/find-promtool.ts';
export {
  type ServiceDeath,
  type Services,
  type StartedService,
  type StartServicesOptions,
  startServices,
} from './start-services.ts';
export type { StepReport } from './step-report.ts';
