import type { IncomingMessage, ServerResponse } from 'node:http';
import { startLocalServer } from '@bulkhead/testing';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** The answers of a bulk data server. A test sets each of them. */
export interface BulkServerScript {
  /** Answers a kick-off. Default: 202 with `Content-Location: /status/<number>`. */
  kickOff?: Handler;
  /** The manifest for the given read, counted from 1. */
  manifest: (read: number) => unknown;
  /** Answers DELETE. Default: 202. */
  deletion?: Handler | undefined;
  /** Answers a status request instead of the manifest. */
  status?: Handler | undefined;
  /** The answers by path. A function receives the number of the request for the file, counted from 1. */
  files: Readonly<Record<string, string | Buffer | ((requestNumber: number) => Handler)>>;
  /** Answers requests for the CapabilityStatement. */
  metadata?: Handler;
  /** The resource types in the CapabilityStatement. Default: none. */
  offered?: readonly string[];
}

export type BulkServer = Awaited<ReturnType<typeof startBulkServer>>;

/** Starts a bulk data server whose answers the test sets. It can do what no server should, and does only what the test sets. */
export async function startBulkServer(firstScript: BulkServerScript) {
  let script = firstScript;
  const requests: { method: string; path: string }[] = [];
  const requestCounts = new Map<string, number>();
  const count = (key: string): number => {
    const times = (requestCounts.get(key) ?? 0) + 1;
    requestCounts.set(key, times);
    return times;
  };
  const answerStatusRequest: Handler = (request, response) => {
    if (request.method === 'DELETE') (script.deletion ?? answerStatus(202))(request, response);
    else if (script.status) script.status(request, response);
    else answerJson(response, script.manifest(count('manifest')));
  };
  const answerFile = (path: string): Handler => {
    const file = script.files[path];
    if (typeof file === 'function') return file(count(path));
    if (file === undefined) return answerStatus(404);
    return (_request, response) =>
      void response.writeHead(200, { 'content-type': 'application/fhir+ndjson' }).end(file);
  };
  const handlerOf = (path: string): Handler => {
    if (path === '/metadata')
      return (
        script.metadata ?? ((_request, response) => answerJson(response, capabilityStatement(script.offered ?? [])))
      );
    if (path.endsWith('/$export')) return script.kickOff ?? accept(count('kick-off'));
    return path.startsWith('/status') ? answerStatusRequest : answerFile(path);
  };
  const server = await startLocalServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://server');
    requests.push({ method: request.method ?? '', path: pathname });
    handlerOf(pathname)(request, response);
  });
  return {
    ...server,
    requests,
    /** Replaces parts of the script. */
    change(next: Partial<BulkServerScript>) {
      script = { ...script, ...next };
    },
  };
}

/** An answer with this status. */
export function answerStatus(status: number, headers: Readonly<Record<string, string>> = {}, body = ''): Handler {
  return (_request, response) => void response.writeHead(status, headers).end(body);
}

function accept(number: number): Handler {
  return answerStatus(202, { 'content-location': `/status/${number}` });
}

function answerJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function capabilityStatement(types: readonly string[]) {
  return {
    resourceType: 'CapabilityStatement',
    fhirVersion: '4.0.1',
    rest: [
      { operation: [{ name: 'export' }], resource: types.map((type) => ({ type, operation: [{ name: 'export' }] })) },
    ],
  };
}
