import { r4ResourceTypes } from './resource-types.ts';
import { scopeCovers } from './smart-scope.ts';

/** What an export that names no types can bring: see `Coverage` in the domain. */
interface Coverage {
  readonly scope?: string;
  readonly offered?: readonly string[];
}

/** Whether an export of every type with this coverage could bring a type. What is not known limits nothing. */
export function coversType({ scope, offered = [] }: Coverage, resourceType: string): boolean {
  if (scope !== undefined && !scopeCovers({ scope, resourceType })) return false;
  return offered.length === 0 || offered.includes(resourceType);
}

/** Whether `coverage` brought all that an export of every type would bring with `today`: nothing was granted or offered since. */
export function coversAllOf(coverage: Coverage, today: Coverage): boolean {
  return r4ResourceTypes.every((type) => coversType(coverage, type) || !coversType(today, type));
}
