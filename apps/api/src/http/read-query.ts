import { invalidRequest, parseRequest } from '@bulkhead/runtime';
import type { Endpoint } from './define-endpoint.ts';

/**
 * Validates the query of a request. A parameter that the endpoint does not have is refused, because a misspelled filter that is ignored
 * returns too much. A FHIR search reads its query itself, and refuses such parameters too.
 * @throws AppError `invalid-request`
 */
export function readQuery({ request }: Pick<Endpoint, 'request'>, sent: Readonly<Record<string, unknown>>): unknown {
  const { query: schema, searchQuery, formerNames = {}, ignoresOtherParameters } = request;
  if (searchQuery) return {};
  const query = withCurrentNames(sent, formerNames);
  const names = Object.keys(schema?.shape ?? {});
  const unknown =
    ignoresOtherParameters === undefined ? Object.keys(query).filter((name) => !names.includes(name)) : [];
  if (unknown.length > 0) {
    const message = `is not a query parameter of this URL. ${allowed(names)}`;
    throw invalidRequest(unknown.map((path) => ({ path, message })));
  }
  return schema ? parseRequest(schema, query) : {};
}

/** @throws AppError `invalid-request` if a parameter is sent by both of its names, because their values could differ */
function withCurrentNames(sent: Readonly<Record<string, unknown>>, formerNames: Readonly<Record<string, string>>) {
  const toCurrent = (name: string) => (Object.hasOwn(formerNames, name) ? formerNames[name] : undefined) ?? name;
  const twice = Object.keys(sent).filter((name) => toCurrent(name) !== name && Object.hasOwn(sent, toCurrent(name)));
  if (twice.length > 0) {
    const toMessage = (name: string) => `is the former name of ${toCurrent(name)}. Send only ${toCurrent(name)}`;
    throw invalidRequest(twice.map((name) => ({ path: name, message: toMessage(name) })));
  }
  return Object.fromEntries(Object.entries(sent).map(([name, value]) => [toCurrent(name), value]));
}

function allowed(names: readonly string[]): string {
  return names.length === 0 ? 'It has no query parameters' : `Allowed: ${names.join(', ')}`;
}
