// usage: npm test [-- paths and options of jest]      (without paths: the tests of the ring `change`, see rings.ts)
//        npm test -- --all        (the ring `merge` too)
//        npm test -- --night      (all three rings)
//        pnpm test:unit           (tests that need no services, without the slow ones)
//        npm test -- --fresh      (also the files whose results are cached, see result-cache)
//        npm test -- --docker     (starts a Docker engine if none answers, for CI: needs root and apt)
//        npm test -- --interop    (fails if the independent FHIR server cannot be built with Java and Maven, for CI)
// Runs tests, on a Redis and a MongoDB that are started for this run and deleted at its end. A file that passed before, and of
// whose inputs none has changed, is reported as cached, unless it is named. The last line is `N passed, N failed`. The exit code is
// jest's, or 1 if no test ran.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmbeddedError, whyNoDocker } from '@bulkhead/embedded';
import { checkConformance } from '../conformance/check-conformance.ts';
import { type Docker, startDocker } from '../docker/engine/start-docker.ts';
import { onStarterGone } from '../on-starter-gone.ts';
import { createSteps, type Steps } from '../steps/steps.ts';
import { buildClientTypes, buildCommandLine, buildConsole, bundleApps, root } from '../system/builds.ts';
import { countTests, emptyReport, type JestReport, joinReports } from './count-tests.ts';
import { renderDurations } from './durations.ts';
import { maxWorkers, workersOf } from './max-workers.ts';
import { addCached, CachedTests, type CachedTestsOptions } from './result-cache/cached-tests.ts';
import { Project } from './result-cache/project.ts';
import { type Ring, ringOf, rings, testFiles } from './rings.ts';
import { type JestRun, runJest } from './run-jest.ts';
import { engineVersions, startTestServers } from './test-servers.ts';

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
const nightFlag = '--night';
const freshFlag = '--fresh';
const flags = [allFlag, dockerFlag, freshFlag, interopFlag, nightFlag, unitFlag];
/** How many random EHRs a probe measures, and Sentinels lose their master: a few in an ordinary run. */
const sizes: Readonly<Record<Ring, NodeJS.ProcessEnv>> = {
  change: {},
  merge: { PROBE_DRAWS: '60' },
  night: { PROBE_DRAWS: '200', SENTINEL_FAILOVERS: '10' },
};

// pnpm passes on the `--` that npm removes. For jest, all that follows it would be paths.
const allArgs = process.argv.slice(2).filter((argument) => argument !== '--');
const args = allArgs.filter((argument) => !flags.includes(argument));
const isUnit = allArgs.includes(unitFlag);
const isFresh = allArgs.includes(freshFlag);
const ring: Ring = allArgs.includes(nightFlag) ? 'night' : allArgs.includes(allFlag) ? 'merge' : 'change';
const { exitCode, report, cachedFiles = [] } = await runTests();
const counts = countTests(report);
// A part of the tests cannot prove the conformance rules.
const conformance = report && args.length === 0 && ring !== 'change' ? conformanceFaults(report) : undefined;
if (report && report.testResults.length > 1) console.log(renderDurations(report, { root, cached: cachedFiles }));
const leftOut = args.length === 0 && !isUnit ? rings.slice(rings.indexOf(ring) + 1) : [];
if (leftOut.length > 0) console.log(`Left out: the rings ${leftOut.join(' and ')}. See docs/testing.md`);
// By .ci/run, so that the last lines of its output say why it failed.
const failedBefore = process.env.FAILED_BEFORE_TESTS?.split(',').filter(Boolean) ?? [];
for (const command of failedBefore)
  console.error(`Failed before the tests: ${command}. See the first part of this output`);
const passed = counts.passed + (conformance?.length === 0 ? 1 : 0);
const failed = counts.failed + (conformance?.length ? 1 : 0) + failedBefore.length;
console.log(`${passed} passed, ${failed} failed`);
process.exit(exitCode !== 0 || failed > 0 || passed === 0 ? exitCode || 1 : 0);

function conformanceFaults(results: JestReport): readonly string[] {
  const page = readFileSync(join(root, 'docs/bulk-data-conformance.md'), 'utf8');
  const faults = checkConformance({ page, report: results, root });
  for (const fault of faults) console.error(`conformance: ${fault}`);
  return faults;
}

interface TestRun extends JestRun {
  /** The files of the report that did not need to run, relative to the root. */
  readonly cachedFiles?: readonly string[];
}

async function runTests(): Promise<TestRun> {
  try {
    const steps = createSteps({ stream: process.stdout });
    await using started = new AsyncDisposableStack();
    const starting = isUnit ? undefined : startTestServers({ steps, count: args.length === 0 ? maxWorkers : 1 });
    const [services, docker] = await Promise.all([
      starting?.then((value) => started.adopt(value, ({ stop }) => stop())),
      starting && allArgs.includes(dockerFlag)
        ? dockerStep(steps, starting).then((value) => started.adopt(value, (engine) => engine?.stop()))
        : undefined,
      // Once for all tests that start a program. Two builds would write into the same folder. What was built decides which results are
      // cached.
      buildClientTypes().then(() => (isUnit ? undefined : buildPrograms())),
    ]);
    interrupted.signal.removeEventListener('abort', exitAtOnce);
    const env = {
      ...process.env,
      ...sizes[ring],
      ...(allArgs.includes(interopFlag) ? { INTEROP_REQUIRED: '1' } : {}),
      ...docker?.env,
      ...services?.env,
    };
    using cached = openCache({
      env,
      engines: services ? await engineVersions(services.env) : '',
      hasDocker: !isUnit && (await whyNoDocker(env)) === undefined,
    });
    return await runCached(cached, env);
  } catch (error) {
    console.error(error instanceof EmbeddedError ? error.message : error);
    return { exitCode: 1, report: undefined };
  }
}

function buildPrograms() {
  return Promise.all([bundleApps(), buildConsole(), buildCommandLine('bundle')]);
}

/** @returns undefined if git does not know the project, as in an archive of a release */
function openCache(options: Omit<CachedTestsOptions, 'project'>): CachedTests | undefined {
  try {
    return new CachedTests({ project: new Project(root), ...options });
  } catch (error) {
    console.warn(`No results are cached: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/** Runs what is not cached. A file that the command names runs in any case. */
async function runCached(cached: CachedTests | undefined, env: NodeJS.ProcessEnv): Promise<TestRun> {
  const files = args.length === 0 ? filesToRun() : [];
  const found = (isFresh ? undefined : cached?.find(files)) ?? new Map();
  const cachedFiles = [...found.keys()];
  for (const [file, { tests, durationMs }] of found)
    console.log(`CACHED ${file} (${tests.length} passed in ${(durationMs / 1000).toFixed(1)} s)`);
  const remaining = files.filter((file) => !found.has(file));
  const onlyUnits = isUnit ? ['--testPathIgnorePatterns', '/node_modules/', '/dist/', '[.]integration[.]test'] : [];
  const { exitCode, report } = await runRings(remaining, async (ofRing, workers) => {
    const run = await runJest({
      args: [...args, ...onlyUnits, ...(workers ? ['--maxWorkers', String(workers)] : [])],
      files: ofRing?.map((file) => join(root, file)),
      env,
      signal: interrupted.signal,
      inputsFolder: cached?.inputsFolder,
    });
    if (run.report) cached?.store(run.report);
    return run;
  });
  return { exitCode, report: report && addCached(report, found, root), cachedFiles };
}

/** One ring after the other: the judges of whole systems would take the cores from everything beside them. */
async function runRings(
  files: readonly string[],
  run: (files?: readonly string[], workers?: number) => Promise<JestRun>,
): Promise<JestRun> {
  if (args.length > 0) return run();
  let all: JestRun = { exitCode: 0, report: emptyReport };
  for (const name of rings) {
    const ofRing = files.filter((file) => ringOf(file) === name);
    if (ofRing.length === 0 || interrupted.signal.aborted) continue;
    const { exitCode, report } = await run(ofRing, workersOf[name]);
    all = { exitCode: all.exitCode || exitCode, report: all.report && report && joinReports(all.report, report) };
  }
  return all;
}

function filesToRun(): readonly string[] {
  const isWanted = isUnit
    ? (file: string) => ringOf(file) === 'change' && !file.includes('.integration.')
    : (file: string) => rings.indexOf(ringOf(file)) <= rings.indexOf(ring);
  return testFiles(root).filter(isWanted);
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
