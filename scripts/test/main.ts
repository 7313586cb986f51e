// usage: npm test [-- paths and options of jest]
// Every test, on a Redis and a MongoDB that are started for this run and thrown away. The last line is
// `N passed, N failed`; the exit code is jest's, and 1 where nothing ran.
import { EmbeddedError, startServices } from '@bulkhead/embedded';
import { onStarterGone } from '../on-starter-gone.ts';
import { createSteps } from '../start/steps.ts';
import { countTests } from './count-tests.ts';
import { type JestRun, runJest } from './run-jest.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort());
onStarterGone(() => interrupted.abort());
// Before jest runs there is nothing to stop in order: the servers' guardians end them.
const exitAtOnce = () => process.exit(130);
interrupted.signal.addEventListener('abort', exitAtOnce);

const { exitCode, report } = await runTests(process.argv.slice(2));
const { passed, failed } = countTests(report);
console.log(`${passed} passed, ${failed} failed`);
process.exit(exitCode === 0 && passed + failed === 0 ? 1 : exitCode);

async function runTests(args: readonly string[]): Promise<JestRun> {
  try {
    const services = await startServices({ ephemeral: true, report: createSteps({ stream: process.stdout }).report });
    interrupted.signal.removeEventListener('abort', exitAtOnce);
    const env = { ...process.env, REDIS_URL: services.redis.url, MONGODB_URI: services.mongodb.url };
    try {
      return await runJest({ args, env, signal: interrupted.signal });
    } finally {
      await services.stop();
    }
  } catch (error) {
    console.error(error instanceof EmbeddedError ? error.message : error);
    return { exitCode: 1, report: undefined };
  }
}
