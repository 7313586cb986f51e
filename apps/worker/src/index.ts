export { buildApp } from './app.ts';
export { readWorkerConfig, type WorkerConfig } from './env.ts';
