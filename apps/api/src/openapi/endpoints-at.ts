import { endpoints } from '../endpoints/endpoints.ts';
import type { Endpoint } from '../http/define-endpoint.ts';
import { comparePaths } from '../http/endpoint-router.ts';

const bySpecificity = endpoints.toSorted(comparePaths);

/** Finds the endpoints of an address, one for each method. As in the router, `/quarantine/replay` goes before `/quarantine/:id`. */
export function endpointsAt(path: string): readonly Endpoint[] {
  const [, ...segments] = path.replace(/[?#].*$/s, '').split('/');
  const matching = bySpecificity.filter((endpoint) => {
    const [, ...template] = endpoint.path.split('/');
    const fits = (part: string, index: number) => part.startsWith(':') || part === segments[index];
    return template.length === segments.length && template.every(fits);
  });
  return matching.filter(({ path: template }) => template === matching[0]?.path);
}
