import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** The mutants that were reached, by id: outside of any test (while modules load, in `beforeAll`), and by each test. */
export interface Coverage {
  readonly static: Readonly<Record<string, number>>;
  readonly perTest: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

export interface RunRequest {
  readonly mutantId?: string;
  /** How often the mutant may be reached. */
  readonly hitLimit?: number;
  readonly path: string;
  /** Runs only tests whose full name matches. */
  readonly testNamePattern?: string;
}

export interface RunResult {
  readonly failure?: string;
  readonly durationMs: number;
  readonly coverage: Coverage;
  /** The duration in milliseconds by full name. */
  readonly tests: Readonly<Record<string, number>>;
  readonly memoryBytes: number;
}

/** Test files leave garbage in their process. Replacing the process costs about two seconds. */
const maxMemoryBytes = 1_500_000_000;

/** A process that runs tests. It is started on demand, and replaced if it hangs, dies or uses too much memory. */
export class WorkerProcess {
  #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;

  constructor({ env }: { env: NodeJS.ProcessEnv }) {
    this.#env = env;
  }

  /** @returns `timeout` if the tests did not end in time, `died` if the process ended. */
  async run({ timeoutMs, ...request }: RunRequest & { timeoutMs: number }): Promise<RunResult | 'timeout' | 'died'> {
    this.#child ??= await this.#start();
    const child = this.#child;
    const { promise, resolve } = Promise.withResolvers<RunResult | 'timeout' | 'died'>();
    const timer = setTimeout(() => resolve('timeout'), timeoutMs);
    const onMessage = (result: unknown) => resolve(result as RunResult);
    const onExit = () => resolve('died');
    child.on('message', onMessage).on('exit', onExit).send(request);
    const result = await promise;
    clearTimeout(timer);
    child.off('message', onMessage).off('exit', onExit);
    if (typeof result === 'string' || result.memoryBytes > maxMemoryBytes) await this.stop();
    return result;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async #start(): Promise<ChildProcess> {
    const child = fork(join(import.meta.dirname, 'test-worker.mjs'), {
      env: this.#env,
      execArgv: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
      // The output of mutated code is not used.
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => {
        throw new Error('The process that runs the tests does not start.');
      }),
    ]);
    return child;
  }
}
