import { unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { AppProcess } from '../../system/app-process.ts';
import { waitForHttp } from '../../system/wait-for-http.ts';
import type { FastClock } from '../fast-clock.ts';
import type { WorkerStop } from './history.arbitrary.ts';

type StopOptions = Pick<WorkerStop, 'worker' | 'ending'> & { readonly until: () => Promise<unknown> };

/** If what it waits for never happens, because its round has failed, a stopped worker must not stop all other rounds. */
const maxStopMs = 60_000;

/** Stops workers. All rounds use the same two, so only one is stopped at a time. */
export class WorkerStopper {
  readonly #workers: readonly AppProcess[];
  readonly #clock: { readonly file: string; readonly value: FastClock };
  #stopped: Promise<void> | undefined;

  constructor(options: {
    readonly workers: readonly AppProcess[];
    readonly clock: { readonly file: string; readonly value: FastClock };
  }) {
    this.#workers = options.workers;
    this.#clock = options.clock;
  }

  /**
   * Stops a worker. Does nothing if another round has stopped one.
   * @param options.until when it continues or is killed
   */
  stop(options: StopOptions): Promise<void> {
    if (this.#stopped !== undefined) return Promise.resolve();
    this.#stopped = this.#stop(options).finally(() => {
      this.#stopped = undefined;
    });
    return this.#stopped;
  }

  async #stop({ worker: index, ending, until }: StopOptions): Promise<void> {
    const worker = this.#workers[index];
    if (!worker) return;
    worker.signal('SIGSTOP');
    await Promise.race([until(), delay(maxStopMs, undefined, { ref: false })]);
    if (ending === 'continue') return worker.signal('SIGCONT');
    await worker.kill();
    const { file, value } = this.#clock;
    // The new process starts with real time limits.
    unlinkSync(file);
    await worker.start();
    await waitForHttp({ url: `${worker.url}/health`, what: worker.name });
    writeFileSync(file, JSON.stringify(value));
    worker.signal('SIGUSR2');
  }
}
