// A worker whose erasures wait 5 s for writes that had started, instead of 30 s. Long enough to be killed before an erasure is complete.
import { runService } from '@bulkhead/base';
import { buildApp } from '../../src/app.ts';
import { readWorkerConfig } from '../../src/env.ts';

await runService({
  name: 'worker',
  readConfig: readWorkerConfig,
  build: (parts) => buildApp({ ...parts, erasureSettleMs: 5000 }),
});
