import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitForLock } from '@bulkhead/embedded';

export const root = join(import.meta.dirname, '..', '..');
const consoleFolder = join(root, 'apps', 'console');
const buildFolder = join(root, 'node_modules', '.cache', 'builds');

/**
 * For NODE_COMPILE_CACHE: sources without their types. A process that uses it starts faster and needs 20 MB less
 * memory.
 */
export const compileCache = join(root, 'node_modules', '.cache', 'compile');

/**
 * Builds the console if its sources have changed.
 *
 * @returns whether it was built @throws Error with the output of the build
 */
export function buildConsole(): Promise<boolean> {
  return buildOnce({
    sources: ['apps/console/{src,public}/**', 'apps/console/*.*', 'packages/client/src/**', 'pnpm-lock.yaml'],
    built: 'apps/console/dist/**',
    async build() {
      const vite = join(consoleFolder, 'node_modules', 'vite', 'bin', 'vite.js');
      // NODE_ENV of this process may be `test`, but a test must see the same console as an operator.
      const env = { ...process.env, NODE_ENV: 'production' };
      await promisify(execFile)(process.execPath, [vite, 'build', '--logLevel', 'warn'], { cwd: consoleFolder, env });
    },
  });
}

const bundledApps = ['api', 'serve', 'worker', 'ehr-simulator'] as const;

export interface Program {
  readonly app: (typeof bundledApps)[number];
  /** Default: `main`. */
  readonly program?: string;
  /** The root of the version whose sources run. Default: the bundle of this version runs, as it is shipped. */
  readonly sources?: string | undefined;
}

/** The arguments with which node runs a program of an app. Packages of versions before 0.2 need the condition. */
export function programArgs({ app, program = 'main', sources }: Program): string[] {
  const folder = join(sources ?? root, 'apps', app);
  return sources === undefined
    ? [join(folder, 'dist', `${program}.js`)]
    : ['--conditions=@bulkhead/source', join(folder, 'src', `${program}.ts`)];
}

/**
 * Writes the OpenAPI document of the API, and the client's types from it, if the sources of the API have changed.
 *
 * @throws Error with the output of the build
 */
export async function buildClientTypes(): Promise<void> {
  await buildOnce({
    sources: ['{apps/{api,serve},packages/!(client)}/src/**', 'packages/client/package.json', 'pnpm-lock.yaml'],
    built: '{apps/api/openapi.json,packages/client/src/api-types.ts}',
    build: () => promisify(execFile)(process.execPath, ['--run', 'types'], { cwd: join(root, 'packages', 'client') }),
  });
}

/**
 * Bundles the API, `serve`, the worker and the simulated EHR if their sources have changed.
 *
 * @throws Error with the output of the build
 */
export async function bundleApps(): Promise<void> {
  const folders = `apps/{${bundledApps}}`;
  await buildOnce({
    sources: [`{${folders},packages/*}/{package.json,src/**}`, 'scripts/system/rolldown.config.ts', 'pnpm-lock.yaml'],
    built: `${folders}/dist/*.js`,
    build: () => Promise.all(bundledApps.map((app) => runScript(app, 'bundle'))),
  });
}

/**
 * Builds the command line if its sources have changed: with `build` the file that `./bulkhead` runs, with `bundle` the one of tests,
 * because a test that packs the command line writes the first one while others run.
 *
 * @throws Error with the output of the build
 */
export async function buildCommandLine(script: 'build' | 'bundle'): Promise<void> {
  await buildOnce({
    sources: ['{apps/cli,packages/client}/{package.json,src/**}', 'apps/cli/rolldown.config.ts', 'pnpm-lock.yaml'],
    built: `apps/cli/dist/${script === 'build' ? 'bulkhead' : 'bundle'}.js`,
    build: () => runScript('cli', script),
  });
}

/** Runs a script of an app's package.json. */
function runScript(app: string, script: string): Promise<unknown> {
  return promisify(execFile)(process.execPath, ['--run', script], { cwd: join(root, 'apps', app) });
}

/**
 * Builds something, unless the existing build was made from the same sources. Compares contents, because a checkout
 * changes modification times, and `pnpm build` may have built other sources.
 *
 * @returns whether it was built
 */
function buildOnce(options: Build): Promise<boolean> {
  // A test depends on what was built. Comments in the sources change nothing.
  const inputs = (globalThis as { [recordedInputs]?: RecordedInputs })[recordedInputs];
  return inputs
    ? inputs.untraced(() => buildUnlessBuilt(options), `built:${options.built}`)
    : buildUnlessBuilt(options);
}

/** Of scripts/test/result-cache/record-inputs.mjs, in a test. */
const recordedInputs = Symbol.for('bulkhead.inputs');

interface RecordedInputs {
  untraced<Result>(action: () => Promise<Result>, result: string): Promise<Result>;
}

interface Build {
  /** Patterns of the source files, relative to the project's root. */
  readonly sources: readonly string[];
  /** A pattern of the built files. Files whose names depend on their contents may be left out. */
  readonly built: string;
  readonly build: () => Promise<unknown>;
}

async function buildUnlessBuilt(options: Build): Promise<boolean> {
  const file = join(buildFolder, options.built.replaceAll(/\W+/g, '-'));
  const stamp = `${file}.txt`;
  // Two starts at once would write the same files.
  const lock = await waitForLock({ file: `${file}.lock`, onWait: () => undefined });
  try {
    const sources = hashFiles(options.sources);
    const isBuilt = existsSync(stamp) && readFileSync(stamp, 'utf8') === `${sources} ${hashFiles([options.built])}`;
    if (isBuilt) return false;
    await options.build();
    writeFileSync(stamp, `${sources} ${hashFiles([options.built])}`);
    return true;
  } finally {
    lock.release();
  }
}

/** Tests and their helpers are in no build. */
const isTest = /[.](?:test|fixture)[.]tsx?$/;

function hashFiles(patterns: readonly string[]): string {
  const sum = createHash('sha256');
  const paths = globSync(patterns, { cwd: root }).filter(
    (path) => !isTest.test(path) && statSync(join(root, path)).isFile(),
  );
  for (const path of paths.sort()) sum.update(`${path}\0`).update(readFileSync(join(root, path)));
  return sum.digest('hex');
}
