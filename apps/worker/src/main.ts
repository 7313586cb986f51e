import { runService } from '@bulkhead/base';
import { buildApp } from './app.ts';
import { readWorkerConfig } from './env.ts';

await runService({ name: 'worker', readConfig: readWorkerConfig, build: buildApp });
