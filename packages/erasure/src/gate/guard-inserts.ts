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
  /** Calls `insert`. @throws AppError if nothing may be stored for the connection */
  readonly admit: (connectionId: string, insert: () => Promise<unknown>) => Promise<unknown>;
  readonly repository: Repository;
  readonly inserts: InsertsOf<Repository>;
}): Repository {
  const { admit, repository, inserts } = options;
  const guarded = Object.entries(inserts).map(([name, connectionOf]) => {
    const insert = (repository as Record<string, unknown>)[name] as Insert;
    const guard = async (...args: never[]): Promise<unknown> => {
      const connectionId = (connectionOf as (...args: never[]) => string | undefined)(...args);
      const write = () => insert.apply(repository, args);
      return connectionId === undefined ? write() : admit(connectionId, write);
    };
    return [name, guard];
  });
  return { ...repository, ...Object.fromEntries(guarded) };
}

/** Wraps methods of a repository so that `write` calls them. */
export function throughGate<Repository extends object>(options: {
  readonly write: (method: () => Promise<unknown>) => Promise<unknown>;
  readonly repository: Repository;
  readonly methods: readonly (keyof Repository)[];
}): Repository {
  const { write, repository, methods } = options;
  const wrapped = methods.map((name) => {
    const method = repository[name] as Insert;
    return [name, (...args: never[]) => write(() => method.apply(repository, args))];
  });
  return { ...repository, ...Object.fromEntries(wrapped) };
}
