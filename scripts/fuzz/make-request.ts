import type { ApiOperation } from './api-operations.ts';
import { hostileBodies, hostileTexts } from './hostile-values.ts';
import { type MakeValue, makeValue, spoil } from './make-value.ts';

export interface FuzzRequest {
  readonly operation: ApiOperation | undefined;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Caller {
  readonly operations: readonly ApiOperation[];
  readonly keys: readonly string[];
  readonly connectionId: string;
  /** What everything else hangs on, and so is not removed: the connection, and the keys in use. */
  readonly kept: ReadonlySet<string>;
}

/** A request of chance: an operation of the document with parameters and a body that mostly fit, or something else. */
export function makeRequest(make: MakeValue, caller: Caller): FuzzRequest {
  const { random } = make;
  if (random.chance(0.03)) return strayRequest(make, caller);
  const operation = random.pick(caller.operations);
  const body = bodyOf(make, { operation, caller });
  return {
    operation,
    method: operation.method,
    path: pathOf(make, { operation, caller }),
    headers: {
      ...headersOf(make, operation),
      ...(random.chance(0.95) ? { authorization: `Bearer ${random.pick(caller.keys)}` } : strangeKey(make)),
      ...(body === undefined ? {} : { 'content-type': random.chance(0.9) ? 'application/json' : 'text/plain' }),
    },
    ...(body === undefined ? {} : { body }),
  };
}

function strangeKey({ random }: MakeValue): Record<string, string> {
  return random.pick([
    {},
    { authorization: 'Bearer' },
    { authorization: `Bearer ${'x'.repeat(4000)}` },
    { authorization: 'Basic eDp5' },
  ]);
}

/** Addresses and methods that the document does not have. */
function strayRequest({ random, ids: byFamily }: MakeValue, { keys }: Caller): FuzzRequest {
  const ids = [...byFamily.values()].flat();
  const parts = ['api', 'ehr', 'athenahealth', 'connections', 'x', ...ids.slice(0, 5), ...hostileTexts.slice(5, 20)];
  const segments = Array.from({ length: random.integer(0, 6) }, () =>
    encodeURIComponent(wellFormed(random.pick(parts))),
  );
  return {
    operation: undefined,
    method: random.pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']),
    path: `/${segments.join('/')}`,
    headers: { authorization: `Bearer ${random.pick(keys)}` },
  };
}

function pathOf(make: MakeValue, { operation, caller }: { operation: ApiOperation; caller: Caller }): string {
  const parameters = operation.parameters ?? [];
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = pathValue(make, { name, operation });
    const isKept = operation.method === 'DELETE' && caller.kept.has(value);
    return encodeURIComponent(wellFormed(isKept ? 'another' : value) || 'x');
  });
  const query = new URLSearchParams();
  for (const { name, in: place, schema } of parameters) {
    if (place !== 'query') continue;
    const isConnection = name === 'connectionId' && make.random.chance(0.85);
    if (isConnection) query.append(name, caller.connectionId);
    else if (make.random.chance(0.35)) query.append(name, wellFormed(String(makeValue(make, { name, schema }))));
    if (make.random.chance(0.03)) query.append(`${name}[$ne]`, 'x');
  }
  if (make.random.chance(0.05)) query.append(make.random.pick(hostileTexts.filter((text) => text !== '\ud800')), 'x');
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** Mostly an id of the right kind, or nothing of what the operation does would be reached. */
function pathValue(make: MakeValue, { name, operation }: { name: string; operation: ApiOperation }): string {
  const { random, ids } = make;
  const own = ids.get(familyOf(operation)) ?? [];
  if (name === 'provider' && random.chance(0.95)) return 'athenahealth';
  if (/id$/i.test(name) && own.length > 0 && random.chance(0.8)) return random.pick(own);
  return String(makeValue(make, { name, schema: {} }));
}

/** What an operation's ids are of: the last fixed part of its address before one. */
export function familyOf({ path }: ApiOperation): string {
  const [beforeId = ''] = path.replace('/{type}', '').split(/\/\{(?:id|jobId|kid)\}/);
  return beforeId.split('/').at(-1) ?? '';
}

function headersOf(make: MakeValue, { operationId, parameters = [] }: ApiOperation): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { name, in: place, schema } of parameters) {
    // A sync that is waited for takes up to half a minute.
    const isWanted = operationId === 'startEnhancedSync' || make.random.chance(0.5);
    if (place === 'header' && isWanted)
      headers[name] = String(makeValue(make, { name, schema })).replace(/[^\x20-\x7e]/g, '');
  }
  if (operationId === 'startEnhancedSync') headers.prefer = 'respond-async';
  if (make.random.chance(0.1))
    headers.accept = make.random.pick(['application/fhir+ndjson', 'text/html', '*/*', 'x/y;q=nonsense', '']);
  return headers;
}

function bodyOf(
  make: MakeValue,
  { operation, caller }: { operation: ApiOperation; caller: Caller },
): string | undefined {
  const { random } = make;
  const content = Object.values(operation.requestBody?.content ?? {})[0];
  if (!content) return random.chance(0.02) && operation.method !== 'GET' ? random.pick(hostileBodies) : undefined;
  if (random.chance(0.08)) return random.pick(hostileBodies);
  const example = withConnection(content.example ?? {}, caller.connectionId);
  const base = random.chance(0.6) ? example : makeValue(make, { name: 'body', schema: content.schema ?? {} });
  const spoilt = random.chance(0.5) ? base : spoil(random, base);
  return JSON.stringify(random.chance(0.8) ? withConnection(spoilt, caller.connectionId) : spoilt);
}

function withConnection(value: unknown, connectionId: string): unknown {
  const isObject = typeof value === 'object' && value !== null && 'connectionId' in value;
  return isObject ? { ...value, connectionId } : value;
}

/** A lone surrogate cannot stand in an address. */
function wellFormed(text: string): string {
  return text.toWellFormed();
}
