import { invalidRequest, parseRequest } from '@bulkhead/base';
import type { Endpoint } from './define-endpoint.ts';

/**
 * Validates the query of a request. A parameter that the endpoint does not have is refused, because a misspelled filter that is ignored
 * returns too much. A FHIR search reads its query itself, and refuses such parameters too.
 * @throws AppError `invalid-request`
 */
export function readQuery({ request }: Pick<Endpoint, 'request'>, sent: Readonly<Record<string, unknown>>): unknown {
  const { query: schema, searchQuery, ignoresOtherParameters } = request;
  if (searchQuery) return {};
  const names = Object.keys(schema?.shape ?? {});
  const unknown = ignoresOtherParameters === undefined ? Object.keys(sent).filter((name) => !names.includes(name)) : [];
  if (unknown.length > 0) {
    const message = `is not a query parameter of this URL. ${allowed(names)}`;
    throw invalidRequest(unknown.map((path) => ({ path, message })));
  }
  return schema ? parseRequest(schema, sent) : {};
}

function allowed(names: readonly string[]): string {
  return names.length === 0 ? 'It has no query parameters' : `Allowed: ${names.join(', ')}`;
}
