import { createSimulatorControl, waitFor } from '@bulkhead/testing';
import { createEhrSimulator, type EhrSimulator } from '../app.ts';
import type { Manifest } from '../export/status.route.ts';
import type { EhrSimulatorOptions } from '../options/options.ts';

type Headers = Readonly<Record<string, string>>;

export const kickOffHeaders = { accept: 'application/fhir+json', prefer: 'respond-async' };

export type SimulatorClient = Awaited<ReturnType<typeof startSimulatorClient>>;

/**
 * Starts a simulator and a well-behaved client of it, for tests. Exports take no time unless the test sets
 * `exportSeconds`.
 */
export async function startSimulatorClient(options: EhrSimulatorOptions = {}) {
  const simulator = createEhrSimulator({ patients: 8, exportSeconds: 0, ...options });
  await simulator.start();
  const { order, violations } = createSimulatorControl(simulator);
  const basic = { authorization: `Basic ${btoa('simulator-client:simulator-secret')}` };
  /** Sends a form to the token endpoint. */
  const requestToken = (form: Readonly<Record<string, string>>, headers: Headers = {}) =>
    fetch(`${simulator.baseUrl}/oauth2/v1/token`, { method: 'POST', headers, body: new URLSearchParams(form) });
  const newToken = () => requestToken({ grant_type: 'client_credentials', scope: 'system/*.read' }, basic);
  /** `Bearer` and a valid token. */
  const authorization = `Bearer ${(await jsonOf(newToken())).access_token}`;
  /** `path` is relative to the FHIR base, or a whole URL. */
  const send = (path: string, init: RequestInit & { readonly headers?: Headers }) =>
    fetch(path.startsWith('http') ? path : simulator.fhirEndpoint + path, {
      ...init,
      headers: { authorization, ...init.headers },
      redirect: 'manual',
    });
  const get = (path: string, headers: Headers = {}) => send(path, { headers });
  const control = (method: string, path: string, body?: unknown) => {
    const content = typeof body === 'string' ? body : JSON.stringify(body);
    return fetch(`${simulator.baseUrl}/_sim${path}`, { method, ...(body === undefined ? {} : { body: content }) });
  };
  const kickOff = (path = '/Patient/$export', headers: Headers = {}) => get(path, { ...kickOffHeaders, ...headers });
  return Object.assign(Object.create(simulator) as EhrSimulator, {
    authorization,
    get,
    control,
    kickOff,
    requestToken,
    newToken,
    delete: (path: string) => send(path, { method: 'DELETE' }),
    /** Kicks off an export by POST. */
    postKickOff: (parameter: readonly object[], path = '/Patient/$export', headers: Headers = {}) => {
      const body = JSON.stringify({ resourceType: 'Parameters', parameter });
      return send(path, { method: 'POST', headers: { ...kickOffHeaders, ...headers }, body });
    },
    orderFault: order,
    violations,
    /** Kicks off an export and waits for its manifest. */
    export: async (path?: string) => {
      const kickedOff = await kickOff(path);
      const statusUrl = kickedOff.headers.get('content-location') ?? '';
      return waitFor(() => manifestAt(get, statusUrl), { what: 'the manifest' });
    },
    text: async (url: string, headers: Headers = {}) => {
      return (await get(url, { accept: 'application/fhir+ndjson', ...headers })).text();
    },
  });
}

async function manifestAt(get: (path: string, headers: Headers) => Promise<Response>, statusUrl: string) {
  const response = await get(statusUrl, { accept: 'application/json' });
  const text = await response.text();
  return response.status === 200 ? (JSON.parse(text) as Manifest) : undefined;
}

/** The JSON of a response without a type, because the expectations of the test check its shape. */
// biome-ignore lint/suspicious/noExplicitAny: a wrong shape fails the test, which is its purpose.
export async function jsonOf(response: Response | Promise<Response>): Promise<any> {
  return (await response).json();
}

/** A clock that only moves when a test advances it, so that tests do not wait. */
export function manualClock(startMs = Date.UTC(2026, 5, 1, 12)) {
  let elapsedMs = 0;
  return {
    now: () => startMs + elapsedMs,
    monotonic: () => elapsedMs,
    lateness: () => 0,
    stop: () => {},
    advance: (ms: number) => {
      elapsedMs += ms;
    },
  };
}
