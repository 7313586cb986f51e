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
