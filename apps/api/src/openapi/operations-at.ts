import type { Operation } from './operation.ts';
import { operationGroups } from './operation-groups.ts';

const operations = operationGroups.flatMap((group) => group.operations);

/** The operations that an address has, one a method; none for an address that the document does not have. */
export function operationsAt(path: string): readonly Operation[] {
  const [, ...segments] = path.replace(/[?#].*$/s, '').split('/');
  const matching = operations.filter((operation) => {
    const [, ...template] = operation.path.split('/');
    const fits = (one: string, index: number) => one.startsWith(':') || one === segments[index];
    return template.length === segments.length && template.every(fits);
  });
  // `/quarantine/replay` before `/quarantine/:id`: as in the router, the address that says more.
  const fewest = Math.min(...matching.map(parameters));
  return matching.filter((operation) => parameters(operation) === fewest);
}

function parameters({ path }: Operation): number {
  return path.split(':').length;
}
