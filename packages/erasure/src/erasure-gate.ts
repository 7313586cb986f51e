import type { KeptOutList, KeptOutRepository } from '@bulkhead/resources';
import { AppError } from '@bulkhead/runtime';
import type { ErasureRepository } from './erasure.repository.ts';

/** An erasure waits longer than this, and than a write takes, before its last pass. */
const keptMs = 2000;

interface Rules {
  readonly erased: ReadonlySet<string>;
  /** Of `erased`: the work for them was stopped, and the EHR was told. */
  readonly stopped: ReadonlySet<string>;
  readonly keptOut: ReadonlyMap<string, KeptOutList>;
}

/**
 * Says what may not be stored any more: anything of an erased connection, and the patients whom a connection keeps out. Both lists
 * are read together, at most every two seconds and only while something is written, so a batch of a connection without rules costs
 * a look into memory.
 */
export class ErasureGate {
  readonly #erasures: Pick<ErasureRepository, 'listErasedConnections'>;
  readonly #keptOut: Pick<KeptOutRepository, 'listAll'>;
  #rules: Promise<Rules> | undefined;
  #readAt = Number.NEGATIVE_INFINITY;

  constructor(options: {
    readonly erasures: Pick<ErasureRepository, 'listErasedConnections'>;
    readonly keptOut: Pick<KeptOutRepository, 'listAll'>;
  }) {
    this.#erasures = options.erasures;
    this.#keptOut = options.keptOut;
  }

  /** @throws AppError `connection-erased` */
  async check(connectionId: string): Promise<void> {
    const { erased } = await this.#read();
    if (erased.has(connectionId)) throw connectionErased(connectionId);
  }

  /** Until the EHR was told, it is still talked to. @throws AppError `connection-erased` */
  async checkToken(connectionId: string): Promise<void> {
    const { stopped } = await this.#read();
    if (stopped.has(connectionId)) throw connectionErased(connectionId);
  }

  /** The patients whom a connection keeps out, if there are any. @throws AppError `connection-erased` */
  async keptOutOf(connectionId: string): Promise<KeptOutList | undefined> {
    const { erased, keptOut } = await this.#read();
    if (erased.has(connectionId)) throw connectionErased(connectionId);
    return keptOut.get(connectionId);
  }

  #read(): Promise<Rules> {
    // A clock that is never set.
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
    const idsOf = (some: typeof erasures) => new Set(some.map(({ connectionId }) => connectionId));
    return { erased: idsOf(erasures), stopped: idsOf(stopped), keptOut };
  }
}

function connectionErased(connectionId: string): AppError {
  return new AppError({
    code: 'connection-erased',
    message: 'Everything of this connection was erased, so nothing is stored for it any more. Add a new connection.',
    retry: 'never',
    context: { connectionId },
  });
}

type Insert = (...given: never[]) => Promise<unknown>;
type InsertsOf<Repository> = {
  readonly [Name in keyof Repository]?: Repository[Name] extends (...given: infer Given) => Promise<unknown>
    ? (...given: Given) => string | undefined
    : never;
};

/**
 * A repository whose inserts are refused for an erased connection, so that work that began before the erasure leaves nothing behind.
 * Updates need no guard: they find no record any more.
 * @param options.inserts for each method that can add a record, how to find the connection in its arguments
 */
export function guardInserts<Repository extends object>(options: {
  /** @throws AppError if nothing may be stored for the connection any more */
  readonly check: (connectionId: string) => Promise<void>;
  readonly repository: Repository;
  readonly inserts: InsertsOf<Repository>;
}): Repository {
  const { check, repository, inserts } = options;
  const guarded = Object.entries(inserts).map(([name, connectionOf]) => {
    const insert = (repository as Record<string, unknown>)[name] as Insert;
    const guard = async (...given: never[]): Promise<unknown> => {
      const connectionId = (connectionOf as (...given: never[]) => string | undefined)(...given);
      if (connectionId !== undefined) await check(connectionId);
      return insert.apply(repository, given);
    };
    return [name, guard];
  });
  return { ...repository, ...Object.fromEntries(guarded) };
}
