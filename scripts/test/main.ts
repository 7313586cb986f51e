// usage: npm test [-- paths and options of jest]      (without paths: all tests of the product)
//        npm test -- --all        (the long judges too)
//        pnpm test:unit           (tests that need no services, without the slow ones)
//        npm test -- --docker     (starts a Docker engine if none answers, for CI: needs root and apt)
//        npm test -- --interop    (fails if the independent FHIR server cannot be built with Java and Maven, for CI)
// Runs tests, on a Redis and a MongoDB that are started for this run and deleted at its end. The last line is `N
// passed, N failed`. The exit code is jest's, or 1 if no test ran.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedError } from '@bulkhead/embedded';
import { checkConformance } from '../conformance/check-conformance.ts';
import { type Docker, startDocker } from '../docker/engine/start-docker.ts';
import { onStarterGone } from '../on-starter-gone.ts';
import { createSteps, type Steps } from '../steps/steps.ts';
import { buildClientTypes, buildCommandLine, bundleApps, root } from '../system/builds.ts';
import { countTests, type JestReport } from './count-tests.ts';
import { renderDurations } from './durations.ts';
import { maxWorkers } from './max-workers.ts';
import { type JestRun, runJest } from './run-jest.ts';
import { startTestServers } from './test-servers.ts';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort());
onStarterGone(() => interrupted.abort());
// Before jest runs there is nothing to stop in order. The guardians end the servers.
const exitAtOnce = () => process.exit(130);
interrupted.signal.addEventListener('abort', exitAtOnce);

const dockerFlag = '--docker';
const interopFlag = '--interop';
const unitFlag = '--unit';
const allFlag = '--all';
/** Tests of growth measure CPU time on texts of megabytes, which takes minutes on a busy machine. */
const growth = ['linear-time[.]test', 'growth[.]test'];
const notTests = ['/node_modules/', '/dist/'];
const notUnit = [...notTests, 'integration[.]test', ...growth];
/** Whole systems beside servers and clients that others wrote, under kills and attacks: half of the time of all tests. */
const judges = [
  'chaos',
  'clients',
  'copies',
  'docker',
  'fleet',
  'fuzz',
  'hostile',
  'interop',
  'protocol-fuzz',
  'servers',
];
/** The random EHRs that a probe measures: a few are drawn in an ordinary run. */
const allDraws = { PROBE_DRAWS: '60' };

// pnpm passes on the `--` that npm removes. For jest, all that follows it would be paths.
const allArgs = process.argv.slice(2).filter((argument) => argument !== '--');
const args = allArgs.filter((argument) => ![allFlag, dockerFlag, interopFlag, unitFlag].includes(argument));
const isUnit = allArgs.includes(unitFlag);
const isAll = allArgs.includes(allFlag);
/** A run of named files leaves out nothing. */
const leavesOutJudges = args.length === 0 && !isUnit && !isAll;
const { exitCode, report } = isUnit ? await runUnitTests(args) : await runTests(args);
const counts = countTests(report);
// A part of the tests cannot prove the conformance rules.
const conformance = report && args.length === 0 && isAll ? conformanceFaults(report) : undefined;
if (report && report.testResults.length > 1) console.log(renderDurations(report, root));
if (leavesOutJudges)
  console.log(`Left out: ${judges.join(', ')} and the tests of growth. \`npm test -- --all\` runs every test.`);
const passed = counts.passed + (conformance?.length === 0 ? 1 : 0);
const failed = counts.failed + (conformance?.length ? 1 : 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(exitCode !== 0 || failed > 0 || passed === 0 ? exitCode || 1 : 0);

function conformanceFaults(results: JestReport): readonly string[] {
  const page = readFileSync(join(root, 'docs/bulk-data-conformance.md'), 'utf8');
  const faults = checkConformance({ page, report: results, root });
  for (const fault of faults) console.error(`conformance: ${fault}`);
  return faults;
}

function without(patterns: readonly string[]): string[] {
  return patterns.flatMap((pattern) => ['--testPathIgnorePatterns', pattern]);
}

async function runUnitTests(paths: readonly string[]): Promise<JestRun> {
  await buildClientTypes();
  interrupted.signal.removeEventListener('abort', exitAtOnce);
  return runJest({ args: [...paths, ...without(notUnit)], env: process.env, signal: interrupted.signal });
}

async function runTests(args: readonly string[]): Promise<JestRun> {
  try {
    const steps = createSteps({ stream: process.stdout });
    await using started = new AsyncDisposableStack();
    const starting = startTestServers({ steps, count: args.length === 0 ? maxWorkers : 1 });
    const [services, docker] = await Promise.all([
      starting.then((value) => started.adopt(value, ({ stop }) => stop())),
      allArgs.includes(dockerFlag)
        ? dockerStep(steps, starting).then((value) => started.adopt(value, (engine) => engine?.stop()))
        : undefined,
      // Once for all tests that start a program. Two builds would write into the same folder.
      buildClientTypes().then(() => Promise.all([bundleApps(), buildCommandLine('bundle')])),
    ]);
    interrupted.signal.removeEventListener('abort', exitAtOnce);
    const env = {
      ...process.env,
      ...(isAll ? allDraws : {}),
      ...(allArgs.includes(interopFlag) ? { INTEROP_REQUIRED: '1' } : {}),
      ...docker?.env,
      ...services.env,
    };
    const longFiles = [...notTests, `/scripts/(?:${judges.join('|')})/`, ...growth];
    const jestArgs = leavesOutJudges ? without(longFiles) : args;
    return await runJest({ args: jestArgs, env, signal: interrupted.signal });
  } catch (error) {
    console.error(error instanceof EmbeddedError ? error.message : error);
    return { exitCode: 1, report: undefined };
  }
}

/**
 * Without Docker, the tests of containers report that they are skipped. If Docker should be there and does not start,
 * the run fails.
 */
function dockerStep(steps: Steps, engineBuilt: Promise<unknown>): Promise<Docker | undefined> {
  return steps.run('docker', async (progress) => {
    const docker = await startDocker({ env: process.env, progress, engineBuilt });
    return 'missing' in docker
      ? { text: `none: ${docker.missing}`, value: undefined }
      : { text: docker.text, value: docker };
  });
}
