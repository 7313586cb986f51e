import type { Random } from '../random.ts';
import type { Schema } from './api-operations.ts';
import { hostileTexts, hostileValues } from './hostile-values.ts';

/** Values that the API takes where a schema says only "a text". */
const goodTexts: Readonly<Record<string, readonly string[]>> = {
  provider: ['athenahealth'],
  type: ['Patient', 'Observation', 'DiagnosticReport'],
  cron: ['0 2 * * *', '15 4 * * 1-5'],
  timeZone: ['UTC', 'America/New_York'],
  since: ['2024-01-01T00:00:00Z', 'last'],
  resourceTypes: ['Patient', 'Condition'],
  typeFilters: ['Observation?category=laboratory'],
  date: ['ge2024-01-01', '2024'],
  _lastUpdated: ['ge2024-01-01'],
  range: ['bytes=0-10', 'bytes=5-', 'bytes=-1', 'bytes=9-1'],
  prefer: ['respond-async'],
};

export interface MakeValue {
  readonly random: Random;
  /** Ids that the API has given out, by what they are of: `bulk-export`, `connections` and so on. */
  readonly ids: ReadonlyMap<string, readonly string[]>;
  readonly schemas: Readonly<Record<string, Schema>>;
}

/** A value for a parameter or a field: mostly one that fits, of the ids that there are. */
export function makeValue(
  make: MakeValue,
  { name, schema }: { readonly name: string; readonly schema: Schema },
): unknown {
  const { random } = make;
  const ids = [...make.ids.values()].flat();
  const known = resolve(make, schema);
  if (random.chance(0.15)) return random.pick(hostileTexts);
  if (known.const !== undefined) return known.const;
  if (known.enum) return random.pick(known.enum);
  switch (known.type) {
    case 'integer':
    case 'number':
      return random.pick([0, 1, 2, 50, 100, 1000, 1001]);
    case 'boolean':
      return random.chance(0.5);
    case 'array':
      return Array.from({ length: random.integer(0, 3) }, () => makeValue(make, { name, schema: known.items ?? {} }));
    case 'object':
      return makeObject(make, known);
    default: {
      const good = goodTexts[name];
      if (good) return random.pick(good);
      return ids.length > 0 && random.chance(0.8) ? random.pick(ids) : random.pick(hostileTexts);
    }
  }
}

function makeObject(make: MakeValue, { properties = {} }: Schema): Record<string, unknown> {
  const chosen = Object.entries(properties).filter(() => make.random.chance(0.6));
  return Object.fromEntries(chosen.map(([name, schema]) => [name, makeValue(make, { name, schema })]));
}

function resolve(make: MakeValue, schema: Schema): Schema {
  const name = schema.$ref?.split('/').at(-1);
  if (name !== undefined) return resolve(make, make.schemas[name] ?? {});
  const choices = schema.oneOf ?? schema.anyOf;
  return choices && choices.length > 0 ? resolve(make, make.random.pick(choices)) : schema;
}

/** A value with something in it gone, doubled, added or replaced. */
export function spoil(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || random.chance(0.2))
    return random.pick([...hostileValues, ...hostileTexts]);
  if (Array.isArray(value)) {
    const index = random.integer(0, value.length);
    return random.chance(0.3)
      ? Array.from({ length: random.pick([60, 2000]) }, () => value[0] ?? 'x')
      : [...value.slice(0, index), spoil(random, value[index]), ...value.slice(index + 1)];
  }
  const entries = Object.entries(value);
  const index = random.integer(0, Math.max(entries.length - 1, 0));
  const [name = 'x', inner] = entries[index] ?? [];
  const others = entries.filter((_, position) => position !== index);
  if (random.chance(0.2)) return Object.fromEntries(others);
  if (random.chance(0.2))
    return Object.fromEntries([...entries, [random.pick(hostileTexts), random.pick(hostileValues)]]);
  return Object.fromEntries([...others, [name, spoil(random, inner)]]);
}
