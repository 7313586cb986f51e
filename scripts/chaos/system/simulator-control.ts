/** A request that the simulator recorded. Its arrival is on the `performance.now()` of this process. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly arrivedAtMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly status?: number;
  readonly bytesSent?: number;
  readonly durationMs?: number;
}

/** A rule of the server that its client broke. */
export interface Violation {
  readonly kind: string;
  readonly reason: string;
}

export type SimulatorControl = ReturnType<typeof createSimulatorControl>;

/** Uses the simulator's `/_sim` to read its data and its record of requests, and to inject faults. */
export function createSimulatorControl(baseUrl: string) {
  let clockOffsetMs = 0;

  const call = async (method: string, path: string, body?: string): Promise<Response> => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${baseUrl}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    if (!response.ok) throw new Error(`the simulator refused ${method} ${path}: ${response.status}`);
    return response;
  };
  const json = async <Body>(path: string): Promise<Body> => (await call('GET', path)).json() as Promise<Body>;
  const order = (fault: object) => call('POST', '/_sim/faults', JSON.stringify(fault));
  const readRequests = async (): Promise<SeenRequest[]> =>
    (await json<{ requests: SeenRequest[] }>('/_sim/requests')).requests;

  return {
    baseUrl,
    fhirEndpoint: `${baseUrl}/fhir/r4`,
    types: () => json<Record<string, number>>('/_sim/types'),
    violations: async () => (await json<{ violations: Violation[] }>('/_sim/violations')).violations,
    clearViolations: () => call('DELETE', '/_sim/violations'),
    /** Returns the current resources of a type, one line for each. */
    lines: async (type: string): Promise<string[]> =>
      (await (await call('GET', `/_sim/resources/${type}`)).text()).split('\n').filter(Boolean),
    put: (type: string, id: string, resource: string) => call('PUT', `/_sim/fhir/${type}/${id}`, resource),
    remove: (type: string, id: string) => call('DELETE', `/_sim/fhir/${type}/${id}`),
    order,
    /** Orders a fault for requests by their path, or by what `match` contains. Default: for the next one. */
    inject: (match: string | object, fault: object, when: { times?: number | 'always'; after?: number } = {}) =>
      order({ match: typeof match === 'string' ? { path: match } : match, fault, ...when }),
    /** Changes options while the simulator runs. */
    change: (options: object) => call('PATCH', '/_sim/options', JSON.stringify(options)),
    clearFaults: () => call('DELETE', '/_sim/faults'),
    clearRequests: () => call('DELETE', '/_sim/requests'),

    async requests(): Promise<SeenRequest[]> {
      return (await readRequests()).map((request) => ({
        ...request,
        arrivedAtMs: request.arrivedAtMs + clockOffsetMs,
      }));
    },

    /**
     * Measures the offset of the simulator's monotonic clock by a request that is recorded and counts against no limit.
     * The error is at most half the duration of the request, less than a millisecond.
     */
    async readClock(): Promise<void> {
      const sentAtMs = performance.now();
      await fetch(`${baseUrl}/oauth2/v1/authorize`);
      const middleMs = (sentAtMs + performance.now()) / 2;
      const latest = (await readRequests()).findLast(({ path }) => path === '/oauth2/v1/authorize');
      if (!latest) throw new Error('the simulator did not record our own request');
      clockOffsetMs = middleMs - latest.arrivedAtMs;
    },
  };
}
