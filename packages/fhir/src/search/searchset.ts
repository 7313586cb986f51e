/** A Bundle of matches as JSON text: https://hl7.org/fhir/R4/bundle.html#searchset. */
export function searchset(options: {
  readonly self: string;
  readonly next?: string | undefined;
  readonly total?: number | undefined;
  /** Resources as texts: each was serialised once, with its numbers' own texts. */
  readonly entries: readonly { readonly fullUrl: string; readonly resource: string }[];
}): string {
  const { self, next, total, entries } = options;
  const link = [{ relation: 'self', url: self }, ...(next === undefined ? [] : [{ relation: 'next', url: next }])];
  const head = JSON.stringify({
    resourceType: 'Bundle',
    type: 'searchset',
    ...(total === undefined ? {} : { total }),
    link,
  });
  // FHIR has no empty arrays.
  if (entries.length === 0) return head;
  const entry = entries.map(
    ({ fullUrl, resource }) =>
      `{"fullUrl":${JSON.stringify(fullUrl)},"resource":${resource},"search":{"mode":"match"}}`,
  );
  return `${head.slice(0, -1)},"entry":[${entry.join(',')}]}`;
}
