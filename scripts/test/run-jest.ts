import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnTethered } from '@bulkhead/embedded';
import { compileCache, root } from '../system/builds.ts';
import type { JestReport } from './count-tests.ts';

export interface RunJestOptions {
  /** Path filters and options from the user's command line. */
  readonly args: readonly string[];
  /** The absolute paths of the test files. Default: those that the arguments say. */
  readonly files?: readonly string[] | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Where the inputs of each test file are recorded, see result-cache/record-inputs.mjs. Default: nowhere. */
  readonly inputsFolder?: string | undefined;
}

export interface JestRun {
  readonly exitCode: number;
  /** Undefined if jest ended before it wrote a report. */
  readonly report: JestReport | undefined;
}

/** The results of the last run, with the duration of each test. */
const lastReport = join(root, 'node_modules', '.cache', 'tests', 'report.json');

/** Runs jest with its output on the streams of this process. */
export async function runJest({ args, files, env, signal, inputsFolder }: RunJestOptions): Promise<JestRun> {
  // Two runs at a time have a report each.
  const outputFile = `${lastReport}.${process.pid}`;
  await mkdir(dirname(outputFile), { recursive: true });
  const listFile = `${outputFile}.files`;
  if (files) await writeFile(listFile, files.join('\n'));
  const jest = await spawnTethered({
    command: process.execPath,
    args: [
      // For the workers of jest, too. They spend a tenth of their time on collecting young objects by default.
      '--max-semi-space-size=32',
      ...(inputsFolder ? [`--import=${recorder}`] : []),
      createRequire(import.meta.url).resolve('jest/bin/jest'),
      '--config',
      configFile,
      ...args,
      ...(files ? ['--filter', onlyFiles] : []),
      '--json',
      '--outputFile',
      outputFile,
    ],
    // Without the cache, each process that a test starts strips and compiles the system again: up to a second of CPU
    // time.
    env: {
      ...env,
      NODE_COMPILE_CACHE: compileCache,
      BULKHEAD_TEST_FILES: listFile,
      ...(inputsFolder ? { BULKHEAD_INPUTS_FOLDER: inputsFolder } : {}),
    },
    output: 'inherit',
  });
  signal.addEventListener('abort', () => void jest.stop({ graceMs: 1_000 }));
  const { code } = await jest.exited;
  await rm(listFile, { force: true });
  return { exitCode: code ?? 1, report: await readReport(outputFile) };
}

const recorder = new URL('result-cache/record-inputs.preload.mjs', import.meta.url).href;
const onlyFiles = fileURLToPath(new URL('only-files.mjs', import.meta.url));
const configFile = fileURLToPath(new URL('../jest.config.mjs', import.meta.url));

async function readReport(file: string): Promise<JestReport | undefined> {
  try {
    await rename(file, lastReport);
    return JSON.parse(await readFile(lastReport, 'utf8')) as JestReport;
  } catch {
    // Jest was stopped, or failed before it ran a test. countTests counts it as a failure.
    return undefined;
  }
}
