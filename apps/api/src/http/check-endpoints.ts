import type { Endpoint } from './define-endpoint.ts';

/** @throws Error if two endpoints have the same id or the same address, or if one action has different rules in two endpoints. */
export function checkEndpoints(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  const rulesOf = new Map<string, string>();
  const seen = new Set<string>();
  for (const { id, method, path, action, access, audited } of endpoints) {
    for (const name of [`id ${id}`, `address ${method.toUpperCase()} ${path.replace(/:\w+/g, ':')}`]) {
      if (seen.has(name)) throw new Error(`Two endpoints have the ${name}. Change one of them.`);
      seen.add(name);
    }
    if (action === undefined) continue;
    const rules = `access ${access}, audited ${audited}`;
    const others = rulesOf.get(action) ?? rules;
    if (others !== rules) throw new Error(`The action ${action} of ${id} has ${rules}, but another has ${others}.`);
    rulesOf.set(action, rules);
  }
  return endpoints;
}
