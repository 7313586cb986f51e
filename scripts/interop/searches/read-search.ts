/** All pages of a search. */
export interface SearchResult {
  /** The ids of the matches, in order. */
  readonly matches: readonly string[];
  /** The types and ids of the matches, in order. */
  readonly references: readonly string[];
  /** References. */
  readonly included: ReadonlySet<string>;
}

interface SearchPage {
  readonly entry?: readonly {
    readonly resource: { readonly resourceType: string; readonly id: string };
    readonly search: { readonly mode: string };
  }[];
  readonly link: readonly { readonly relation: string; readonly url: string }[];
}

/** Reads a search to its last page. */
export async function readSearch(firstUrl: string, read: (url: string) => Promise<unknown>): Promise<SearchResult> {
  const matches: string[] = [];
  const references: string[] = [];
  const included = new Set<string>();
  for (let url: string | undefined = firstUrl; url !== undefined; ) {
    const { entry = [], link } = (await read(url)) as SearchPage;
    for (const { resource, search } of entry) {
      const reference = `${resource.resourceType}/${resource.id}`;
      if (search.mode === 'match') {
        matches.push(resource.id);
        references.push(reference);
      } else included.add(reference);
    }
    url = link.find(({ relation }) => relation === 'next')?.url;
  }
  return { matches, references, included };
}
