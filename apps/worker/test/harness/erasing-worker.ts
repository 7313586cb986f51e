// A worker whose erasures wait 5 s for writes that had started, instead of 30 s. Long enough to be killed before an erasure is complete.
import { createLogger, runApp } from '@bulkhead/runtime';
import { buildApp } from '../../src/app.ts';
import { readWorkerConfig } from '../../src/env.ts';

const config = await readWorkerConfig(process.env);
const logger = createLogger({ name: 'worker', level: 'error' });
await runApp({ app: buildApp({ config, logger, erasureSettleMs: 5000 }), logger });
