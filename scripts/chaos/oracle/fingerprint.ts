import { hash } from 'node:crypto';

/**
 * Hashes a resource that `parseExact` has parsed, with sorted keys and each number by its text. A changed `1.50` or an
 * old version has another hash.
 */
export function fingerprint(resource: unknown): string {
  return hash('sha256', JSON.stringify(sortKeys(resource)), 'base64url');
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  // ExactNumber serializes itself.
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, item]) => [key, sortKeys(item)]),
  );
}
