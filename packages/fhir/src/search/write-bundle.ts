/** A change of a resource, for `historyBundle`. */
export interface HistoryEntry {
  /** The URL of the resource at its own server. */
  readonly fullUrl: string;
  /** The type and the id, such as `Observation/1`. */
  readonly reference: string;
  /** The resource as JSON text. Undefined if it was deleted. */
  readonly resource: string | undefined;
  readonly versionId: string | undefined;
  readonly changedAt: Date;
}

export interface SearchsetEntry {
  /** Undefined for an outcome, which is not stored anywhere. */
  readonly fullUrl: string | undefined;
  /** JSON. */
  readonly resource: string;
  /** Default: it matches the search. */
  readonly mode?: 'match' | 'include' | 'outcome';
}

/** Writes a Bundle of matches as JSON: https://hl7.org/fhir/R4/bundle.html#searchset. */
export function searchset(
  options: PageLinks & {
    readonly total?: number | undefined;
    /** Resources as JSON text. Each was serialized once, with the original text of its numbers. */
    readonly entries: readonly SearchsetEntry[];
  },
): string {
  const { total, entries } = options;
  return writeBundle({
    ...options,
    type: 'searchset',
    fields: total === undefined ? {} : { total },
    entries: entries.map(
      ({ fullUrl, resource, mode = 'match' }) =>
        `{${fullUrl === undefined ? '' : `"fullUrl":${JSON.stringify(fullUrl)},`}"resource":${resource},"search":{"mode":"${mode}"}}`,
    ),
  });
}

/**
 * Writes a page of a history as JSON: https://hl7.org/fhir/R4/bundle.html#history.
 * @param options.until the time of the page (`meta.lastUpdated`). A reader passes it as `_since` to continue
 */
export function historyBundle(
  options: PageLinks & { readonly until: Date; readonly entries: readonly HistoryEntry[] },
): string {
  const { until, entries } = options;
  const fields = { meta: { lastUpdated: until.toISOString() } };
  return writeBundle({ ...options, type: 'history', fields, entries: entries.map(historyEntry) });
}

/** Writes an entry of a history as JSON. */
export function historyEntry({ fullUrl, reference, resource, versionId, changedAt }: HistoryEntry): string {
  const rest = JSON.stringify({
    request: { method: resource === undefined ? 'DELETE' : 'PUT', url: reference },
    response: {
      status: resource === undefined ? '204' : '200',
      ...(versionId === undefined ? {} : { etag: `W/"${versionId}"` }),
      lastModified: changedAt.toISOString(),
    },
  });
  const content = resource === undefined ? '' : `"resource":${resource},`;
  return `{"fullUrl":${JSON.stringify(fullUrl)},${content}${rest.slice(1)}`;
}

interface PageLinks {
  readonly self: string;
  readonly next?: string | undefined;
  /** Searches for what the page has left out. */
  readonly related?: readonly string[];
}

/** @param options.entries JSON texts */
function writeBundle(
  options: PageLinks & { readonly type: string; readonly fields: object; readonly entries: readonly string[] },
): string {
  const { self, next, related = [], type, fields, entries } = options;
  const link = [
    { relation: 'self', url: self },
    ...(next === undefined ? [] : [{ relation: 'next', url: next }]),
    ...related.map((url) => ({ relation: 'related', url })),
  ];
  const head = JSON.stringify({ resourceType: 'Bundle', type, ...fields, link });
  // FHIR does not allow empty arrays.
  return entries.length === 0 ? head : `${head.slice(0, -1)},"entry":[${entries.join(',')}]}`;
}
