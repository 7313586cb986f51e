import { runService } from '@bulkhead/base';
import { buildApp } from './app.ts';
import { readApiConfig } from './env.ts';

await runService({ name: 'api', readConfig: readApiConfig, build: buildApp });
