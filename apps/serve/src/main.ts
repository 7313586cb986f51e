import { runService } from '@bulkhead/base';
import { buildServe } from './app.ts';
import { readServeConfig } from './env.ts';

await runService({ name: 'serve', readConfig: readServeConfig, build: buildServe });
