import { type Erasure, noAmounts } from '@bulkhead/erasure';
import { runErasure } from '@bulkhead/erasure/steps';
import { createStore, type Store } from '@bulkhead/system';
import { expect } from '@jest/globals';
import { type FilledConnection, fillConnection } from '../harness/fill-connection.ts';
import { type OpenDatabase, openDatabase } from '../harness/open-database.ts';
import { startUseCases, type UseCases } from '../harness/start-use-cases.ts';

export const patientId = 'a-195900.E-2';
export const requestedBy = { kind: 'api-key', id: 'key_1', name: 'operations', role: 'operator' } as const;
export const signal = (): AbortSignal => AbortSignal.timeout(60_000);
export const progress = () => undefined;

/** An erasure keeps these records as its proof. */
const isProof = (key: string) => /^(audit_events|erasures)\//.test(key);
export const withoutProof = (dump: ReadonlyMap<string, string>) => new Map([...dump].filter(([key]) => !isProof(key)));
/** The collections of the documents of a dump. */
export const kindsOf = (dump: Iterable<string>) =>
  [...new Set([...dump].map((key) => key.split('/')[0] ?? ''))].toSorted();

/** Two connections with records of every kind, and the erasure of the first. */
export class ErasureCases {
  readonly cases: UseCases;
  readonly database: OpenDatabase;
  readonly filled: FilledConnection;
  readonly otherConnection: FilledConnection;
  readonly #opened: Store[] = [];

  private constructor(options: Pick<ErasureCases, 'cases' | 'database' | 'filled' | 'otherConnection'>) {
    this.cases = options.cases;
    this.database = options.database;
    this.filled = options.filled;
    this.otherConnection = options.otherConnection;
  }

  static async start(): Promise<ErasureCases> {
    const cases = await startUseCases();
    const database = await openDatabase(cases.mongodbUri);
    try {
      const filled = await fillConnection(cases, { patientId });
      const otherConnection = await fillConnection(cases, { patientId });
      return new ErasureCases({ cases, database, filled, otherConnection });
    } catch (error) {
      await database.close();
      await cases.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const store of this.#opened) await store.close();
    await this.database.close();
    await this.cases.stop();
  }

  /** Opens the store of a new process. Other processes notice an erasure within two seconds. */
  async openStore(): Promise<Store> {
    const store = createStore({ uri: this.cases.mongodbUri, encryptionKey: this.cases.encryptionKey });
    this.#opened.push(store);
    await store.connect();
    return store;
  }

  async request(change: Partial<Erasure> = {}): Promise<string> {
    const id = `erase_${Object.keys(change).length}`;
    await this.cases.deps.store.erasures.insert({
      id,
      kind: 'connection',
      connectionId: this.filled.connection.id,
      phase: 'queued',
      version: 0,
      deleted: noAmounts,
      warnings: [],
      requestedBy,
      createdAt: this.cases.clock.now,
      ...change,
    });
    return id;
  }

  attempt(erasureId: string): Promise<void> {
    return runErasure(this.cases.deps, { erasureId, signal: signal(), progress });
  }

  /** Runs the first pass, the wait and the last pass. */
  async runToEnd(erasureId: string): Promise<Erasure | undefined> {
    await expect(this.attempt(erasureId)).rejects.toMatchObject({ code: 'erasure-settling' });
    this.waitUntilSettled();
    await this.attempt(erasureId);
    return this.cases.deps.store.erasures.find(erasureId);
  }

  /** Runs an erasure that is interrupted after every batch, until it is completed. @returns the number of attempts */
  async eraseInPieces(erasureId: string): Promise<number> {
    let attempts = 0;
    for (let isDone = false; !isDone; attempts++) {
      const cut = new AbortController();
      const abort = () => cut.abort(new Error('the worker was killed'));
      const error = await runErasure(this.cases.deps, { erasureId, signal: cut.signal, progress: abort }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      isDone = error === undefined;
      if ((error as { code?: string })?.code === 'erasure-settling') this.waitUntilSettled();
    }
    return attempts;
  }

  waitUntilSettled(): void {
    const { clock, deps } = this.cases;
    clock.now = new Date(clock.now.getTime() + deps.erasureSettleMs);
  }
}
