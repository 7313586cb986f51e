import { glob, mkdtempDisposable, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { instrument, type Mutant } from './instrument.ts';
import type { Module } from './modules.ts';
import { type CleanRun, planRuns } from './plan-runs.ts';
import { describeMutant, type Verdict } from './report.ts';
import { WorkerProcess } from './worker-process.ts';

const root = join(import.meta.dirname, '..', '..');

/** The longest test file takes two minutes. */
const cleanRunTimeoutMs = 300_000;
/** More processes slow each other down until tests time out, which would count as killed. */
const workerCount = Math.min(2, availableParallelism());

/**
 * Instruments the module's sources and runs its tests once without a mutant to record which tests reach which mutants.
 * Then runs, for each mutant, the tests that reach it.
 *
 * @returns the results until `signal` aborts, and the number of mutants @throws Error if a test fails without a mutant
 */
export async function runModule(options: {
  readonly module: Module;
  readonly file: string;
  /** Tries only the mutants that are described here. */
  readonly again: ReadonlySet<string> | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}): Promise<{ readonly verdicts: readonly Verdict[]; readonly total: number }> {
  const { module, file, again, env, signal, progress } = options;
  const files = (await expand(module.sources)).filter(
    (path) => path.includes(file) && !/[.](test|fixture)[.]ts$/.test(path),
  );
  const { sources, mutants: all } = await instrument(root, files);
  const mutants = all.filter((mutant) => !again || again.has(describeMutant(mutant)));
  await using folder = await mkdtempDisposable(join(tmpdir(), 'bulkhead-mutation-'));
  const instrumentedFile = join(folder.path, 'instrumented.json');
  await writeFile(instrumentedFile, JSON.stringify(sources));
  const workerEnv = { ...env, MUTATION_INSTRUMENTED_FILE: instrumentedFile };
  const workers = Array.from({ length: workerCount }, () => new WorkerProcess({ env: workerEnv }));
  try {
    const cleanRuns: CleanRun[] = [];
    for (const path of await expand(module.tests)) {
      signal.throwIfAborted();
      progress(`${path} without a mutant`);
      cleanRuns.push(await runClean(workers[0] as WorkerProcess, join(root, path)));
    }
    const verdicts = new Map<Mutant, Verdict>();
    let survived = 0;
    const remaining = mutants.values();
    const tryRest = async (worker: WorkerProcess) => {
      for (const mutant of remaining) {
        if (signal.aborted) return;
        const verdict = await tryMutant({ worker, mutant, cleanRuns });
        verdicts.set(mutant, verdict);
        if (verdict.outcome === 'survived' || verdict.outcome === 'not reached') survived += 1;
        progress(`${verdicts.size} of ${mutants.length}, ${survived} survived`);
      }
    };
    await Promise.all(workers.map(tryRest));
    return { verdicts: mutants.flatMap((mutant) => verdicts.get(mutant) ?? []), total: mutants.length };
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()));
  }
}

/** Expands the patterns. The order is the same on every machine. */
async function expand(patterns: readonly string[]): Promise<string[]> {
  const exclude = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const include = patterns.filter((pattern) => !pattern.startsWith('!'));
  const paths: string[] = [];
  for await (const path of glob(include, { cwd: root, exclude })) paths.push(path);
  return paths.toSorted();
}

async function runClean(worker: WorkerProcess, path: string): Promise<CleanRun> {
  const result = await worker.run({ path, timeoutMs: cleanRunTimeoutMs });
  if (typeof result === 'string') throw new Error(`${path}: ${result} without a mutant`);
  if (result.failure !== undefined) throw new Error(`A test fails without a mutant: ${result.failure}`);
  return { path, ...result };
}

async function tryMutant(options: {
  readonly worker: WorkerProcess;
  readonly mutant: Mutant;
  readonly cleanRuns: readonly CleanRun[];
}): Promise<Verdict> {
  const { worker, mutant, cleanRuns } = options;
  const runs = planRuns({ mutantId: mutant.id, file: mutant.file, cleanRuns });
  if (runs.length === 0) return { mutant, outcome: 'not reached' };
  for (const run of runs) {
    const result = await worker.run({ mutantId: mutant.id, ...run });
    if (result === 'timeout') return { mutant, outcome: 'timed out' };
    if (result === 'died') return { mutant, outcome: 'killed', by: `${run.path} ends its process` };
    if (result.failure !== undefined) return { mutant, outcome: 'killed', by: result.failure };
  }
  return { mutant, outcome: 'survived' };
}
