import type { RequestHandler } from 'express';
import type { Endpoint } from '../define-endpoint.ts';
import { comparePaths } from '../endpoint-router.ts';
import { apiError } from '../errors/errors.ts';

/** Finds the endpoints of an address, one for each method. As in the router, `/quarantine/replay` goes before `/quarantine/:id`. */
export type EndpointsAt = (path: string) => readonly Endpoint[];

export function endpointIndex(endpoints: readonly Endpoint[]): EndpointsAt {
  // Split once, because every request is compared with every template.
  const bySpecificity = endpoints
    .toSorted(comparePaths)
    .map((endpoint) => ({ endpoint, template: endpoint.path.split('/').slice(1) }));
  return (path) => {
    const [, ...segments] = path.replace(/[?#].*$/s, '').split('/');
    const matching = bySpecificity
      .filter(({ template }) => {
        const fits = (part: string, index: number) => part.startsWith(':') || part === segments[index];
        return template.length === segments.length && template.every(fits);
      })
      .map(({ endpoint }) => endpoint);
    return matching.filter(({ path: template }) => template === matching[0]?.path);
  };
}

/** Answers OPTIONS, and returns 405 with `Allow` if an address does not support a method (RFC 9110 15.5.6). Unknown addresses pass. */
export function checkMethod(endpointsAt: EndpointsAt): RequestHandler {
  return (request, response, next) => {
    const methods: string[] = endpointsAt(request.path).map(({ method }) => method.toUpperCase());
    const allowed = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
    if (methods.length === 0) return next();
    if (request.method === 'OPTIONS') {
      response.set('Allow', allowed.join(', ')).status(204).end();
      return;
    }
    if (allowed.includes(request.method)) return next();
    response.set('Allow', allowed.join(', '));
    throw apiError('method-not-allowed', {
      message: `This URL does not support ${request.method}. Use ${methods.join(', ')}.`,
    });
  };
}
