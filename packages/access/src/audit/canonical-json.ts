/**
 * A value's one form by RFC 8785 (JSON Canonicalization Scheme): no white space, and members in the order of the UTF-16 code units
 * of their names. That standard writes numbers and texts as `JSON.stringify` does.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`;
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // Without a comparison of its own, `toSorted` compares code units.
  const names = members.map(([name]) => name).toSorted();
  const byName = Object.fromEntries(members);
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalJson(byName[name])}`).join()}}`;
}
