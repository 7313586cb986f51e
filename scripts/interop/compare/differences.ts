/** A position at which two JSON values differ. */
export interface Difference {
  /** Such as `.code.coding.0.display`. */
  readonly path: string;
  readonly served: unknown;
  readonly stored: unknown;
}

/**
 * Returns every position at which the values differ, at any depth. The order of members is ignored, the order of
 * elements is not.
 */
export function differencesOf(served: unknown, stored: unknown, path = ''): Difference[] {
  if (served === stored) return [];
  if (!isObject(served) || !isObject(stored) || Array.isArray(served) !== Array.isArray(stored)) {
    return [{ path, served, stored }];
  }
  const names = new Set([...Object.keys(served), ...Object.keys(stored)]);
  return [...names].flatMap((name) => differencesOf(served[name], stored[name], `${path}.${name}`));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
