import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { cacheFolder } from '@bulkhead/embedded';
import { emptyReport, type JestReport, joinReports } from '../count-tests.ts';
import { type Project, sum } from './project.ts';
import { type PassedFile, ResultCache } from './result-cache.ts';

type FileResult = JestReport['testResults'][number];

export interface CachedTestsOptions {
  readonly project: Project;
  readonly env: NodeJS.ProcessEnv;
  /** The versions of the engines on which integration tests run. */
  readonly engines: string;
  /** Whether a Docker engine answers. */
  readonly hasDocker: boolean;
  /** Default: beside the engines that were built, so that a new clone finds the results of an earlier one. */
  readonly folder?: string;
}

/** What runs tests, and what is installed. */
const isHarness = /^(?:pnpm-lock[.]yaml|scripts\/jest[.]config[.]mjs|scripts\/test\/(?!.*[.]test[.]ts$).*)$/;

/** Finds the test files that need not run, and stores the results of those that ran. */
export class CachedTests {
  /** Where the tests of this run record what they depend on. */
  readonly inputsFolder = mkdtempSync(join(tmpdir(), 'bulkhead-inputs-'));
  readonly #root: string;
  readonly #cache: ResultCache;

  constructor({
    project,
    env,
    engines,
    hasDocker,
    folder = join(cacheFolder(env), 'test-results'),
  }: CachedTestsOptions) {
    this.#root = project.root;
    const harness = project.names.filter((name) => isHarness.test(name)).map((name) => project.hash(`code:${name}`));
    const common = sum([process.version, process.platform, process.arch, ...harness]);
    const machine = (file: string) => (file.includes('.integration.') ? `${common} ${engines}` : common);
    this.#cache = new ResultCache({ folder, project, env, machine, programs: String(hasDocker) });
    this.#cache.prune();
  }

  /** @param files relative to the root */
  find(files: readonly string[]): ReadonlyMap<string, PassedFile> {
    return new Map(
      files.flatMap((file) => {
        const passed = this.#cache.find(file);
        return passed ? [[file, passed] as const] : [];
      }),
    );
  }

  /** Stores each file whose tests all ran and passed. A skipped test is not proved, and a failure is forgotten at once. */
  store({ testResults }: Pick<JestReport, 'testResults'>): void {
    for (const result of testResults) {
      const file = relative(this.#root, result.name);
      const statuses = result.assertionResults.map(({ status }) => status);
      const inputs = this.#inputs(file);
      if (statuses.includes('failed')) this.#cache.forget(file);
      else if (inputs && statuses.length > 0 && statuses.every((status) => status === 'passed'))
        this.#cache.store(file, toPassed(result), inputs);
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.inputsFolder, { recursive: true, force: true });
  }

  /** @returns undefined if the file did not end, so that something may be missing */
  #inputs(file: string): readonly string[] | undefined {
    try {
      const inputs = readFileSync(join(this.inputsFolder, file.replaceAll('/', '+')), 'utf8').split('\n');
      return inputs.includes(`code:${file}`) ? inputs.filter((input) => input !== '') : undefined;
    } catch {
      return undefined;
    }
  }
}

function toPassed({ startTime, endTime, assertionResults }: FileResult): PassedFile {
  return {
    tests: assertionResults.map(({ fullName }) => fullName),
    durationMs: endTime - startTime,
    passedAt: endTime,
  };
}

/** A report that contains the files that did not need to run, as files that passed in no time. */
export function addCached(report: JestReport, found: ReadonlyMap<string, PassedFile>, root: string): JestReport {
  const results = [...found].map(([file, { tests }]) => ({
    name: join(root, file),
    startTime: 0,
    endTime: 0,
    assertionResults: tests.map((fullName) => ({ fullName, status: 'passed' })),
  }));
  const numPassedTests = results.reduce((sum, { assertionResults }) => sum + assertionResults.length, 0);
  return joinReports(report, { ...emptyReport, testResults: results, numPassedTests });
}
