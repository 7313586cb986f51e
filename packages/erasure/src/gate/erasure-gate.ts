/*
 * Decides what may no longer be stored: data of an erased connection, and patients that a connection keeps out. Work that began before
 * an erasure may still be writing, and its process may sleep between the check and the write: for milliseconds, or for hours if its machine
 * is paused. No limit on time covers that, so an erasure does not rely on one:
 *
 *   process   registers itself -> reads the rules and their epoch -> writes -> reports the epoch when no older write is under way
 *   erasure   stores its rule -> raises the epoch -> waits until every registered process has reported it -> last pass
 *
 * A process that registers later reads the new rules. A process that has registered before is waited for, however long it sleeps.
 * `writing-process.repository.ts` says what happens to a process that no longer exists.
 */

import { randomUUID } from 'node:crypto';
import { AppError } from '@bulkhead/base';
import type { Admission, KeptOutList, WriteGate } from '@bulkhead/store';
import mongoose from 'mongoose';
import type { ErasureRepository } from '../erasure.repository.ts';
import { erasureError } from '../errors.ts';
import type { WritingProcessRepository } from './writing-process.repository.ts';

interface Rules {
  /** All erasures up to this epoch are in these rules. */
  readonly epoch: number;
  readonly erased: ReadonlySet<string>;
  /** The connections of `erased` whose work was stopped and whose EHR was notified. */
  readonly stopped: ReadonlySet<string>;
  readonly keptOut: ReadonlyMap<string, KeptOutList>;
}

interface ErasureGateOptions {
  readonly erasures: Pick<ErasureRepository, 'listErasedConnections'>;
  /** Reads the lists of all connections that keep patients out. */
  readonly readKeptOut: () => Promise<ReadonlyMap<string, KeptOutList>>;
  readonly processes: Pick<WritingProcessRepository, 'register' | 'readEpoch' | 'report' | 'remove'>;
  readonly timing?: ErasureGateTiming;
}

export type ErasureGateTiming = typeof defaultTiming;

const defaultTiming = {
  /** An erasure waits about this long for an idle process. Each refresh costs three small reads. */
  refreshMs: 2000,
  /** A process that has not written for this long is no longer waited for. It registers again before its next write. */
  idleMs: 10_000,
  /** After a lost connection MongoDB may still do a write that it had received. It does so as soon as it works again. */
  afterLossMs: 30_000,
  /** All writes of the process wait for one registration and one read of the rules, which take milliseconds. After this the reply was lost. */
  replyMs: 10_000,
};

/** Every process that writes has a gate. */
export class ErasureGate implements WriteGate {
  readonly #options: ErasureGateOptions;
  /** The epochs of the rules under which the writes that are under way were admitted. */
  readonly #admitted = new Set<{ readonly epoch: number }>();
  #registration: Promise<string> | undefined;
  /** Registrations that failed or could not be removed, and since when. MongoDB may have stored them, or may still do so. */
  readonly #abandoned = new Map<string, number>();
  #rules: Rules | undefined;
  #reading: Promise<Rules> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #lastAdmission = 0;

  constructor(options: ErasureGateOptions) {
    this.#options = options;
  }

  get #timing() {
    return this.#options.timing ?? defaultTiming;
  }

  admit<Result>(
    connectionId: string,
    write: (keptOut: KeptOutList | undefined) => PromiseLike<Result>,
  ): Promise<Result> {
    return this.#during({ connectionId, write, refused: ({ erased }) => erased });
  }

  admitToken<Result>(connectionId: string, write: () => PromiseLike<Result>): Promise<Result> {
    return this.#during({ connectionId, write, refused: ({ stopped }) => stopped });
  }

  write<Result>(write: () => PromiseLike<Result>): Promise<Result> {
    return this.#during({ connectionId: '', write, refused: () => nothing });
  }

  enter(connectionId: string): Promise<Admission> {
    return this.#enter(connectionId, ({ erased }) => erased);
  }

  /** Reads the rules again and reports them, so that an erasure that runs in this process need not wait for the timer. */
  async refresh(): Promise<void> {
    const registration = this.#registration;
    if (registration === undefined) return;
    const id = await registration;
    // A read that has already begun may miss an erasure of this process.
    await this.#reading?.catch(() => undefined);
    const { epoch } = await this.#load();
    const confirmed = Math.min(epoch, ...[...this.#admitted].map((admitted) => admitted.epoch));
    if (await this.#options.processes.report({ id, epoch: confirmed })) return;
    // The process has left and registered again meanwhile.
    if (registration !== this.#registration) return;
    // An operator has confirmed that this process no longer exists. Its next write must be known again.
    this.#registration = undefined;
    this.#rules = undefined;
  }

  /** Call it after the last write. If one is still under way, the process stays registered. */
  async close(): Promise<void> {
    // If MongoDB is unavailable, a process that can prove the end of this one removes its record.
    if (this.#admitted.size === 0) await this.#leave().catch(() => undefined);
    clearInterval(this.#timer);
  }

  async #during<Result>(options: {
    readonly connectionId: string;
    readonly write: (keptOut: KeptOutList | undefined) => PromiseLike<Result>;
    readonly refused: (rules: Rules) => ReadonlySet<string>;
  }): Promise<Result> {
    const admission = await this.#enter(options.connectionId, options.refused);
    try {
      const result = await options.write(admission.keptOut);
      admission.end();
      return result;
    } catch (error) {
      admission.end(error);
      throw error;
    }
  }

  async #enter(connectionId: string, refused: (rules: Rules) => ReadonlySet<string>): Promise<Admission> {
    while (this.#rules === undefined) await this.#prepare();
    // No `await` from here on, so that a report that does not see this write has not read newer rules.
    const rules = this.#rules;
    if (refused(rules).has(connectionId)) throw connectionErased(connectionId);
    const admitted = { epoch: rules.epoch };
    this.#admitted.add(admitted);
    this.#lastAdmission = performance.now();
    return {
      keptOut: rules.keptOut.get(connectionId),
      end: (error) => {
        if (error === undefined || isAnswer(error)) this.#admitted.delete(admitted);
        else setTimeout(() => this.#admitted.delete(admitted), this.#timing.afterLossMs).unref();
      },
    };
  }

  async #prepare(): Promise<void> {
    const registration = this.#registration ?? this.#register();
    this.#registration = registration;
    try {
      await registration;
    } catch (error) {
      if (registration === this.#registration) this.#registration = undefined;
      throw error;
    }
    await this.#load();
  }

  async #register(): Promise<string> {
    const id = `process_${randomUUID()}`;
    this.#lastAdmission = performance.now();
    this.#timer ??= setInterval(() => void this.#tick(), this.#timing.refreshMs).unref();
    try {
      await this.#answered(this.#options.processes.register(id));
      return id;
    } catch (error) {
      this.#abandoned.set(id, performance.now());
      throw error;
    }
  }

  /** If MongoDB is unavailable, the process reports nothing, and the next tick tries again. */
  async #tick(): Promise<void> {
    await this.#removeAbandoned().catch(() => undefined);
    const isIdle = this.#admitted.size === 0 && performance.now() - this.#lastAdmission > this.#timing.idleMs;
    await (isIdle ? this.#leave() : this.refresh()).catch(() => {
      // Rules that could not be read again admit nothing.
      this.#rules = undefined;
    });
  }

  async #leave(): Promise<void> {
    const registration = this.#registration;
    if (registration === undefined) return;
    this.#registration = undefined;
    this.#rules = undefined;
    this.#abandoned.set(await registration, performance.now());
    await this.#removeAbandoned();
  }

  /** Without this, an erasure would wait for a record of this process that it never reports for. */
  async #removeAbandoned(): Promise<void> {
    for (const [id, since] of this.#abandoned) {
      const mustBeStored = performance.now() - since > this.#timing.afterLossMs;
      await this.#options.processes.remove(id);
      if (mustBeStored) this.#abandoned.delete(id);
    }
  }

  #load(): Promise<Rules> {
    this.#reading ??= this.#loadAnswered().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #loadAnswered(): Promise<Rules> {
    const registration = this.#registration;
    const rules = await this.#answered(this.#read());
    // Rules that were read before the process left are not those of its next registration.
    if (registration !== undefined && registration === this.#registration) this.#rules = rules;
    return rules;
  }

  /** @throws MongoNetworkTimeoutError if MongoDB does not answer in time. The next write then asks again, on another connection */
  async #answered<Result>(answer: Promise<Result>): Promise<Result> {
    const lost = Promise.withResolvers<never>();
    const error = new mongoose.mongo.MongoNetworkTimeoutError('MongoDB has not answered in time');
    const timer = setTimeout(() => lost.reject(error), this.#timing.replyMs);
    try {
      return await Promise.race([answer, lost.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #read(): Promise<Rules> {
    const { erasures, readKeptOut, processes } = this.#options;
    // Before the rules, so that they contain at least the erasures up to this epoch.
    const epoch = await processes.readEpoch();
    const [erased, lists] = await Promise.all([erasures.listErasedConnections(), readKeptOut()]);
    const stopped = erased.filter(({ phase }) => phase !== 'queued');
    const idsOf = (records: typeof erased) => new Set(records.map(({ connectionId }) => connectionId));
    return { epoch, erased: idsOf(erased), stopped: idsOf(stopped), keptOut: lists };
  }
}

const nothing: ReadonlySet<string> = new Set();

/** Whether MongoDB, or this program before it sent anything, has said what became of the write. */
function isAnswer(error: unknown): boolean {
  return error instanceof AppError || typeof (error as { code?: unknown } | null)?.code === 'number';
}

function connectionErased(connectionId: string): AppError {
  return erasureError('connection-erased', { context: { connectionId } });
}
