import { isResourceType } from '@bulkhead/fhir';

interface Scope {
  readonly type: string;
  /** `read` for version 1, otherwise letters of `rs`. */
  readonly access: string;
}

/**
 * Limits scopes to those of the registration. A scope for all types becomes one for each type that is registered.
 * @param requested valid scopes that only read
 */
export function limitScopes(requested: readonly string[], registered: readonly string[]): string[] {
  const limits = registered.flatMap(parse);
  const granted = requested.flatMap(parse).flatMap((scope) =>
    limits
      .filter(({ type }) => type === '*' || scope.type === '*' || type === scope.type)
      .flatMap((limit) => {
        const rights = rightsOf(scope).filter((right) => rightsOf(limit).includes(right));
        if (rights.length === 0) return [];
        const type = scope.type === '*' ? limit.type : scope.type;
        // A right to read alone has no form in version 1.
        return `system/${type}.${scope.access === 'read' && rights.length === 2 ? 'read' : rights.join('')}`;
      }),
  );
  return [...new Set(granted)];
}

/** What a scope allows to do with resources of a type. */
export function isGranted(options: {
  readonly scope: string;
  readonly resourceType: string;
  readonly right: 'r' | 's';
}): boolean {
  const { scope, resourceType, right } = options;
  return scope
    .split(' ')
    .flatMap(parse)
    .some((one) => (one.type === '*' || one.type === resourceType) && rightsOf(one).includes(right));
}

/** A scope with parameters limits more than its type, which is not supported, so it grants nothing. */
function parse(scope: string): Scope[] {
  const [, type = '', access = ''] = /^system\/([A-Za-z]+|\*)\.(read|r?s?)$/.exec(scope) ?? [];
  return access !== '' && (type === '*' || isResourceType(type)) ? [{ type, access }] : [];
}

function rightsOf({ access }: Scope): ('r' | 's')[] {
  return access === 'read' ? ['r', 's'] : (['r', 's'] as const).filter((right) => access.includes(right));
}
