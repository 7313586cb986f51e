export { findInPackage } from './apt/find-in-package.ts';
export { installWithApt, whyNoApt } from './apt/install-with-apt.ts';
export { findChromium } from './browser/find-chromium.ts';
export { lockNetwork } from './browser/lock-network.ts';
export { type Lock, waitForLock } from './data/file-lock.ts';
export { cacheFolder, type DataFolder, openDataFolder } from './data/open-data-folder.ts';
export { whyNoDocker } from './docker/docker-address.ts';
export { startDockerEngine } from './docker/start-docker-engine.ts';
export { EmbeddedError } from './embedded.error.ts';
export { installFromPypi } from './install-from-pypi.ts';
export { createKmsKey, envOfKms, installMoto, motoServer } from './kms/moto.ts';
export { enginePaths } from './mongodb/build-engine.ts';
export { mongodbImage } from './mongodb/mongodb-routes.ts';
export { dropDatabases, mongodbVersion } from './mongodb/start-mongodb-server.ts';
export { type OwnServer, type OwnServerSpec, startOwnServer } from './own-server.ts';
export { findOnPath } from './processes/find-on-path.ts';
export { runCommand } from './processes/run-command.ts';
export { lastLogLines, systemPort } from './processes/server-process.ts';
export { type SpawnTetheredOptions, spawnTethered, type Tethered } from './processes/spawn-tethered.ts';
export {
  type ServiceExit,
  type Services,
  type StartedService,
  type StartServicesOptions,
  type StepReport,
  startServices,
} from './start-services.ts';
