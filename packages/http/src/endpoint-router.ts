import { parseRequest, present } from '@bulkhead/base';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import { auditNotes } from './audit-notes.ts';
import type { Endpoint, HandlerInput, HttpServices, ProcessState, Reply } from './define-endpoint.ts';
import { endWithRights } from './end-with-rights.ts';
import { readIdempotencyKey, replyOnce } from './idempotency.ts';
import { allow, maxIdLength } from './middleware/allow.ts';
import { type Caller, findCaller } from './middleware/caller-of.ts';
import { readQuery } from './read-query.ts';

export interface EndpointDeps {
  /** Those for which the endpoints are defined. */
  readonly services: HttpServices;
  readonly process: ProcessState;
}

/** Routes requests to their endpoints. A literal part of a path goes before a parameter: `/exports/events` before `/exports/:id`. */
export function endpointRouter(options: {
  readonly endpoints: readonly Endpoint[];
  readonly deps: EndpointDeps;
  /** The prefix of the paths at which the router is mounted. */
  readonly base?: string;
}): Router {
  const { endpoints, deps, base = '' } = options;
  const router = Router();
  for (const endpoint of endpoints.toSorted(comparePaths)) {
    const { readBody } = endpoint.request;
    const reading = typeof readBody === 'function' ? [readBody] : [];
    router[endpoint.method](
      endpoint.path.slice(base.length),
      allow(endpoint),
      ...reading,
      callEndpoint(endpoint, deps),
    );
  }
  return router;
}

/**
 * Sorts the more specific path first: at the first segment that differs in its kind, a literal goes before a parameter. FHIR's names at the end
 * of a path, such as `_history`, are no ids, so `/:type/_history` goes before `/Binary/:id`.
 */
export function comparePaths(left: { readonly path: string }, right: { readonly path: string }): number {
  const [leftKinds, rightKinds] = [kindsOf(left.path), kindsOf(right.path)];
  if (leftKinds === rightKinds) return 0;
  return leftKinds < rightKinds ? -1 : 1;
}

/** 0 for one of FHIR's names at the end, and then one digit for each segment: 0 for a literal, 1 for a parameter. */
function kindsOf(path: string): string {
  const kinds = path.replace(/\/(:?)[^/]*/g, (_segment, colon) => (colon === ':' ? '1' : '0'));
  return `${/\/[_$][^/]*$/.test(path) ? '0' : '1'}${kinds}`;
}

/** Validates the request, calls the handler and sends its reply. */
export function callEndpoint(endpoint: Endpoint, deps: EndpointDeps): RequestHandler {
  return async (request, response) => {
    const { patientId } = request.params;
    // This happens before the validation, so that the audit event of a refused request names the patient too.
    if (typeof patientId === 'string') auditNotes(response).addPatients([patientId.slice(0, maxIdLength)]);
    endWithRights({ request, response, services: deps.services });
    // The types of `defineEndpoint` ensure that the handler accepts what the schemas return.
    const input = readInput({ endpoint, deps, request, response }) as HandlerInput<never, never, never, never, never>;
    const reply = await replyTo({ endpoint, deps, input, response });
    if (reply) sendReply({ endpoint, response, reply });
  };
}

async function replyTo(options: {
  readonly endpoint: Endpoint;
  readonly deps: EndpointDeps;
  readonly input: HandlerInput<never, never, never, never, never>;
  readonly response: Response;
}): Promise<Reply | undefined> {
  const { endpoint, deps, input, response } = options;
  const { idempotencyKey: key, request } = input;
  const call = async () => (await endpoint.handler(input)) ?? undefined;
  if (key === undefined || endpoint.idempotency === 'handler') return call();
  // As it was sent: a validated body can contain times that count from now.
  const content = [request.params, request.query, request.body];
  return replyOnce({ endpoint, services: deps.services, response, key, content, call });
}

function readInput(options: {
  readonly endpoint: Endpoint;
  readonly deps: EndpointDeps;
  readonly request: Request;
  readonly response: Response;
}): HandlerInput<unknown, unknown, unknown, unknown, Caller | undefined, HttpServices> {
  const { endpoint, deps, request, response } = options;
  const { headers, body } = endpoint.request;
  const { services, process } = deps;
  // Throws URIError. In a path Express does the same, but in a query it replaces bytes that are not UTF-8 by another character, with which
  // a search finds nothing.
  if (endpoint.request.ignoresOtherParameters === undefined) decodeURIComponent(request.originalUrl);
  return {
    params: request.params,
    query: readQuery(endpoint, request.query),
    body: body?.schema && parseRequest(body.schema, body.isOptional ? (request.body ?? {}) : request.body),
    headers: headers ? parseRequest(headers, pickHeaders(request, Object.keys(headers.shape))) : {},
    idempotencyKey: readIdempotencyKey(endpoint, request),
    caller: findCaller(response),
    services,
    process,
    audit: auditNotes(response),
    streamEvents: (read) => process.streams.run({ request, response, read }),
    request,
    response,
  };
}

function pickHeaders(request: Request, names: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(names.map((name) => [name, request.get(name)]));
}

function sendReply(options: { readonly endpoint: Endpoint; readonly response: Response; readonly reply: Reply }): void {
  const { endpoint, response, reply } = options;
  const { data, next, total, location, headers = {}, status = Number(Object.keys(endpoint.responses)[0]) } = reply;
  response.status(status).set(headers);
  if (location !== undefined) response.location(location);
  if (data === undefined) response.end();
  else response.json({ success: true, data, ...present({ next, total }) });
}
