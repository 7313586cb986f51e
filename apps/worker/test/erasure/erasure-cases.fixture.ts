import { setTimeout } from 'node:timers/promises';
import type { AppError } from '@bulkhead/base';
import type { Erasure } from '@bulkhead/erasure';
import { eraseWork } from '@bulkhead/erasure/steps';
import { runJob } from '@bulkhead/queues/testing';
import { isErasedEntry } from '@bulkhead/records';
import { noAmounts } from '@bulkhead/store';
import { openDatabase } from '@bulkhead/store/testing';
import { createStore, type Store } from '@bulkhead/system';
import { waitFor } from '@bulkhead/testing';
import { fillEnded, startOthers } from '../harness/fill-connection.ts';
import { startUseCases } from '../harness/start-use-cases.ts';

export const patientId = 'a-195900.E-2';
export const requestedBy = { kind: 'api-key', id: 'key_1', name: 'operations', role: 'operator' } as const;
export const signal = (): AbortSignal => AbortSignal.timeout(60_000);
export const progress = () => undefined;

/** An erasure keeps these records as its proof. */
const isProof = (key: string) => /^(audit_events|erasures)\//.test(key);
export const withoutProof = (dump: ReadonlyMap<string, string>) => new Map([...dump].filter(([key]) => !isProof(key)));
/** Separates the entries of erased resources, which have an id and no content, from the other documents of a dump. */
export function splitErased(dump: ReadonlyMap<string, string>) {
  const isErased = ([, text]: [string, string]) => isErasedEntry(JSON.parse(text));
  const documents = [...dump];
  return {
    erased: documents.filter(isErased).map(([key]) => key),
    others: new Map(documents.filter((document) => !isErased(document))),
  };
}
/** The collections of the documents of a dump. */
export const kindsOf = (dump: Iterable<string>) =>
  [...new Set([...dump].map((key) => key.split('/')[0] ?? ''))].toSorted();

export type ErasureCases = Awaited<ReturnType<typeof startErasureCases>>;

export type ErasureTemplate = Awaited<ReturnType<typeof fillTemplate>>;

/** Fills a database with two connections that have records of every kind, which each test copies. It takes several times as long. */
export async function fillTemplate() {
  await using cases = await startUseCases();
  const { encryptionKey, clock, simulator, mongodbUri } = cases;
  const filled = [await fillEnded(cases, { patientId }), await fillEnded(cases, { patientId })] as const;
  await using database = await openDatabase(mongodbUri);
  const data = await database.read();
  return {
    filled,
    now: clock.now,
    // The records name the address of the EHR.
    options: { encryptionKey, simulator: { port: simulator.port } },
    // Each test has processes and a first connection of its own.
    data: data
      .filter(({ name }) => name !== 'writing_processes')
      .map(({ documents, ...collection }) => ({
        ...collection,
        documents: documents.filter((document) => !JSON.stringify(document).includes(`"${cases.connection.id}"`)),
      })),
  };
}

/** Starts the use cases with the connections of a template, and the erasure of the first. */
export async function startErasureCases(template: ErasureTemplate) {
  await using starting = new AsyncDisposableStack();
  const cases = starting.use(await startUseCases(template.options, template.data));
  const { clock, deps, mongodbUri: uri, encryptionKey } = cases;
  clock.now = template.now;
  const database = starting.use(await openDatabase(uri));
  const addOthers = async (ended: ErasureTemplate['filled'][number]) => ({
    ...ended,
    ...(await startOthers(cases, { connectionId: ended.connection.id })),
  });
  const filled = await addOthers(template.filled[0]);
  const otherConnection = await addOthers(template.filled[1]);
  const started = starting.move();
  const waitUntilSettled = () => {
    clock.now = new Date(clock.now.getTime() + deps.erasureSettleMs);
  };
  const attempt = (erasureId: string) => runJob(deps, eraseWork, { erasureId });
  /** Runs passes until only the time of settling is left. */
  const runUntilSettling = async (erasureId: string): Promise<void> => {
    const isSettling = () => attempt(erasureId).catch((error: AppError) => error.code === 'erasure-settling');
    await waitFor(isSettling, { what: 'the reports of all processes that write' });
  };
  return {
    cases,
    database,
    filled,
    otherConnection,
    attempt,
    runUntilSettling,
    waitUntilSettled,
    stop: () => started.disposeAsync(),

    /** Opens the store of a new process. Other processes notice an erasure within two seconds. */
    async openStore(): Promise<Store> {
      const store = started.adopt(createStore({ uri, encryptionKey }), (opened) => opened.close());
      await store.connect();
      return store;
    },

    async request(change: Partial<Erasure> = {}): Promise<string> {
      const id = `erase_${Object.keys(change).length}`;
      await deps.store.erasures.insert({
        id,
        kind: 'connection',
        connectionId: filled.connection.id,
        phase: 'queued',
        version: 0,
        deleted: noAmounts,
        warnings: [],
        requestedBy,
        createdAt: clock.now,
        ...change,
      });
      return id;
    },

    /** Runs the first pass, the wait and the last pass. */
    async runToEnd(erasureId: string): Promise<Erasure | undefined> {
      await runUntilSettling(erasureId);
      waitUntilSettled();
      await attempt(erasureId);
      return deps.store.erasures.find(erasureId);
    },

    /** Runs an erasure that is interrupted after every batch, until it is completed. @returns the number of attempts */
    async eraseInPieces(erasureId: string): Promise<number> {
      let attempts = 0;
      for (let isDone = false; !isDone; attempts++) {
        const cut = new AbortController();
        const abort = () => cut.abort(new Error('the worker was killed'));
        const error = await runJob(deps, eraseWork, { erasureId }, { signal: cut.signal, progress: abort }).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        isDone = error === undefined;
        const { code } = (error ?? {}) as { readonly code?: string };
        if (code === 'erasure-settling') waitUntilSettled();
        // The stores of this test are processes that write. Each reports every two seconds.
        if (code === 'erasure-waits-for-process') await setTimeout(100);
      }
      return attempts;
    },
  };
}
