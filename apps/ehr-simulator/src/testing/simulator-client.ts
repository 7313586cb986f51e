import { waitFor } from '@bulkhead/testing';
import { createEhrSimulator, type EhrSimulator } from '../app.ts';
import type { Manifest } from '../export/status.route.ts';
import type { Clock } from '../options/clock.ts';
import type { EhrSimulatorOptions } from '../options/options.ts';

type Headers = Readonly<Record<string, string>>;

export interface SimulatorClient extends EhrSimulator {
  /** `Bearer` and a valid token. */
  readonly authorization: string;
  /** Sends a valid token. `path` is relative to the FHIR base, or a whole URL. */
  get(path: string, headers?: Headers): Promise<Response>;
  control(method: string, path: string, body?: unknown): Promise<Response>;
  orderFault(order: object): Promise<void>;
  violations(): Promise<{ byKind: Record<string, number>; violations: { reason: string }[] }>;
  kickOff(path?: string, headers?: Headers): Promise<Response>;
  /** Kicks off an export and waits for its manifest. */
  export(path?: string): Promise<Manifest>;
  text(url: string, headers?: Headers): Promise<string>;
}

/**
 * Starts a simulator and a well-behaved client of it, for tests. Exports take no time unless the test sets
 * `exportSeconds`.
 */
export async function startSimulatorClient(options: EhrSimulatorOptions = {}): Promise<SimulatorClient> {
  const simulator = createEhrSimulator({ patients: 8, exportSeconds: 0, ...options });
  await simulator.start();
  const authorization = `Bearer ${await fetchToken(simulator.baseUrl)}`;
  const get: SimulatorClient['get'] = (path, headers = {}) =>
    fetch(path.startsWith('http') ? path : simulator.fhirEndpoint + path, {
      headers: { authorization, ...headers },
      redirect: 'manual',
    });
  const control: SimulatorClient['control'] = (method, path, body) => {
    const content = typeof body === 'string' ? body : JSON.stringify(body);
    return fetch(`${simulator.baseUrl}/_sim${path}`, { method, ...(body === undefined ? {} : { body: content }) });
  };
  const kickOff: SimulatorClient['kickOff'] = (path = '/Patient/$export', headers = {}) =>
    get(path, { accept: 'application/fhir+json', prefer: 'respond-async', ...headers });
  return Object.assign(Object.create(simulator) as EhrSimulator, {
    authorization,
    get,
    control,
    kickOff,
    orderFault: async (order: object) => {
      const response = await control('POST', '/faults', order);
      if (response.status !== 201) throw new Error(await response.text());
    },
    violations: async () => (await control('GET', '/violations')).json() as ReturnType<SimulatorClient['violations']>,
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

async function manifestAt(get: SimulatorClient['get'], statusUrl: string): Promise<Manifest | undefined> {
  const response = await get(statusUrl, { accept: 'application/json' });
  const text = await response.text();
  return response.status === 200 ? JSON.parse(text) : undefined;
}

async function fetchToken(baseUrl: string): Promise<string> {
  const response = await fetch(`${baseUrl}/oauth2/v1/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('simulator-client:simulator-secret')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'system/*.read' }),
  });
  return ((await response.json()) as { readonly access_token: string }).access_token;
}

/** The JSON of a response without a type, because the expectations of the test check its shape. */
// biome-ignore lint/suspicious/noExplicitAny: a wrong shape fails the test, which is its purpose.
export async function jsonOf(response: Response | Promise<Response>): Promise<any> {
  return (await response).json();
}

interface ManualClock extends Clock {
  advance(ms: number): void;
}

/** A clock that only moves when a test advances it, so that tests do not wait. */
export function manualClock(startMs = Date.UTC(2026, 5, 1, 12)): ManualClock {
  let elapsedMs = 0;
  return {
    now: () => startMs + elapsedMs,
    monotonic: () => elapsedMs,
    lateness: () => 0,
    stop: () => {},
    advance: (ms) => {
      elapsedMs += ms;
    },
  };
}
