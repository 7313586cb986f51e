import { hash } from 'node:crypto';

/**
 * A hash of a resource as parsed by `parseExact`: keys sorted, every number by its own text, so that neither a changed
 * `1.50` nor an old version passes.
 */
export function fingerprint(resource: unknown): string {
  return hash('sha256', JSON.stringify(sortKeys(resource)), 'base64url');
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  // ExactNumber writes itself.
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, item]) => [key, sortKeys(item)]),
  );
}
