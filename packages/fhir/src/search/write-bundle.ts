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

/**
 * Writes a page of a history, as JSON text: https://hl7.org/fhir/R4/bundle.html#history.
 * @param options.until the time of the page (`meta.lastUpdated`). A reader passes it as `_since` to continue
 */
export function historyBundle(options: {
  readonly self: string;
  readonly next?: string | undefined;
  readonly until: Date;
  readonly entries: readonly HistoryEntry[];
}): string {
  const { self, next, until, entries } = options;
  const head = JSON.stringify({
    resourceType: 'Bundle',
    type: 'history',
    meta: { lastUpdated: until.toISOString() },
    link: [{ relation: 'self', url: self }, ...(next === undefined ? [] : [{ relation: 'next', url: next }])],
  });
  // FHIR does not allow empty arrays.
  return entries.length === 0 ? head : `${head.slice(0, -1)},"entry":[${entries.map(writeEntry).join(',')}]}`;
}

function writeEntry({ fullUrl, reference, resource, versionId, changedAt }: HistoryEntry): string {
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
