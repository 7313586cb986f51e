/** Returns what differs from a base of the same shape, so that a shrunk plan shows only the relevant behaviours. */
export function differences(value: unknown, base: unknown): unknown {
  if (!isObject(value) || !isObject(base)) return value;
  const entries = Object.keys(value)
    .filter((key) => JSON.stringify(value[key]) !== JSON.stringify(base[key]))
    .map((key) => [key, differences(value[key], base[key])]);
  return Object.fromEntries(entries);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
