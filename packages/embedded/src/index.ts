export { installWithApt, whyNoApt } from './apt/install-with-apt.ts';
export { findChromium } from './browser/find-chromium.ts';
export { cacheFolder } from './cache-folder.ts';
export { type DataFolder, openDataFolder } from './data/open-data-folder.ts';
export { waitForLock } from './data/wait-for-lock.ts';
export { startDockerEngine } from './docker/start-docker-engine.ts';
export { whyNoDocker } from './docker/why-no-docker.ts';
export { EmbeddedError } from './embedded.error.ts';
export { installFromPypi } from './install-from-pypi.ts';
export { installMoto, type Moto, startMoto } from './kms/start-moto.ts';
export { enginePaths } from './mongodb/engine-release.ts';
export { findOnPath } from './processes/find-on-path.ts';
export { lastLogLines } from './processes/last-log-lines.ts';
export { runCommand } from './processes/run-command.ts';
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
