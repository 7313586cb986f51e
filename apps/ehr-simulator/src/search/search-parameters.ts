/** The parameters of one search: a name may be given more than once, values may be comma lists. */
export type SearchParameters = ReadonlyMap<string, readonly string[]>;

export function parseSearchParameters(url: string): SearchParameters {
  const parameters = new Map<string, string[]>();
  for (const [name, value] of new URL(url, 'http://simulator').searchParams) {
    if (value !== '') parameters.set(name, [...(parameters.get(name) ?? []), value]);
  }
  return parameters;
}
