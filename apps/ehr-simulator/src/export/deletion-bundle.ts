/** A line of a `deleted` file: a transaction Bundle of DELETE entries, one for each `Type/id`. */
export function deletionBundle(urls: readonly string[]): string {
  const entry = urls.map((url) => ({ request: { method: 'DELETE', url } }));
  return JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry });
}
