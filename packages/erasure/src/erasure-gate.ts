import type { KeptOutList, KeptOutRepository } from '@bulkhead/resources';
import { type AppError, permanentError } from '@bulkhead/runtime';
import type { ErasureRepository } from './erasure.repository.ts';

/** An erasure waits longer than this plus the time of a write before its last pass. */
const keptMs = 2000;

interface Rules {
  readonly erased: ReadonlySet<string>;
  /** The connections of `erased` whose work was stopped and whose EHR was notified. */
  readonly stopped: ReadonlySet<string>;
  readonly keptOut: ReadonlyMap<string, KeptOutList>;
}

/**
 * Decides what may no longer be stored: data of an erased connection, and patients that a connection keeps out. Every process that
 * writes has a gate, because work that began before an erasure may still be writing.
 *
 * Both lists are read together, at most every two seconds and only while something is written. For all other writes the gate only
 * reads memory. So a write can pass for up to two seconds after an erasure was requested. The last pass of the erasure starts later
 * than that and deletes what was written.
 */
export class ErasureGate {
  readonly #erasures: Pick<ErasureRepository, 'listErasedConnections'>;
  readonly #keptOut: Pick<KeptOutRepository, 'listAll'>;
  #rules: Promise<Rules> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(erasures: Pick<ErasureRepository, 'listErasedConnections'>, keptOut: Pick<KeptOutRepository, 'listAll'>) {
    this.#erasures = erasures;
    this.#keptOut = keptOut;
  }

  /** @throws AppError `connection-erased` */
  async check(connectionId: string): Promise<void> {
    const { erased } = await this.#read();
    if (erased.has(connectionId)) throw connectionErased(connectionId);
  }

  /** Tokens are allowed until the EHR was notified of the erasure, because that needs a token. @throws AppError `connection-erased` */
  async checkToken(connectionId: string): Promise<void> {
    const { stopped } = await this.#read();
    if (stopped.has(connectionId)) throw connectionErased(connectionId);
  }

  /** The patients that a connection keeps out, if there are any. @throws AppError `connection-erased` */
  async keptOutOf(connectionId: string): Promise<KeptOutList | undefined> {
    const { erased, keptOut } = await this.#read();
    if (erased.has(connectionId)) throw connectionErased(connectionId);
    return keptOut.get(connectionId);
  }

  #read(): Promise<Rules> {
    // `performance.now`, because the system clock can be changed.
    const now = performance.now();
    if (this.#rules && now - this.#readAt < keptMs) return this.#rules;
    this.#readAt = now;
    const rules = this.#load();
    this.#rules = rules;
    rules.catch(() => {
      if (this.#rules === rules) this.#rules = undefined;
    });
    return rules;
  }

  async #load(): Promise<Rules> {
    const [erasures, keptOut] = await Promise.all([this.#erasures.listErasedConnections(), this.#keptOut.listAll()]);
    const stopped = erasures.filter(({ phase }) => phase !== 'queued');
    const idsOf = (records: typeof erasures) => new Set(records.map(({ connectionId }) => connectionId));
    return { erased: idsOf(erasures), stopped: idsOf(stopped), keptOut };
  }
}

function connectionErased(connectionId: string): AppError {
  return permanentError({
    code: 'connection-erased',
    message: 'All data of this connection was erased, so nothing more is stored for it. Create a new connection.',
    context: { connectionId },
  });
}

type Insert = (...args: never[]) => Promise<unknown>;
type InsertsOf<Repository> = {
  readonly [Name in keyof Repository]?: Repository[Name] extends (...args: infer Args) => Promise<unknown>
    ? (...args: Args) => string | undefined
    : never;
};

/**
 * Wraps a repository so that it refuses inserts for an erased connection. So work that began before the erasure leaves nothing behind.
 * Updates need no guard, because the erased record no longer exists.
 * @param options.inserts for each method that can insert a record, a function that returns the connection from its arguments
 */
export function guardInserts<Repository extends object>(options: {
  /** @throws AppError if nothing may be stored for the connection */
  readonly check: (connectionId: string) => Promise<void>;
  readonly repository: Repository;
  readonly inserts: InsertsOf<Repository>;
}): Repository {
  const { check, repository, inserts } = options;
  const guarded = Object.entries(inserts).map(([name, connectionOf]) => {
    const insert = (repository as Record<string, unknown>)[name] as Insert;
    const guard = async (...args: never[]): Promise<unknown> => {
      const connectionId = (connectionOf as (...args: never[]) => string | undefined)(...args);
      if (connectionId !== undefined) await check(connectionId);
      return insert.apply(repository, args);
    };
    return [name, guard];
  });
  return { ...repository, ...Object.fromEntries(guarded) };
}
