/** A request that the simulator recorded, without values of its query. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  /** Monotonic, by the clock of the simulator. */
  readonly arrivedAtMs: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The parameter names of the query, or of the body of a kick-off. */
  readonly parameters?: readonly string[];
  readonly status?: number;
  readonly bytesSent?: number;
  readonly durationMs?: number;
}

/** A rule of the server that its client broke. */
export interface Violation {
  readonly kind: string;
  readonly reason: string;
}

interface Violations {
  readonly total: number;
  readonly byKind: Readonly<Record<'rate' | 'day' | 'token' | 'headers', number>>;
  readonly violations: readonly Violation[];
}

/** The numbers of requests, of issued tokens and of revoked tokens. */
type Stats = Readonly<Record<'requests' | 'tokens' | 'revoked', number>>;

/** Sends the requests of `/_sim` (see the simulator's README) for tests and scripts. @throws if the simulator refuses a request */
export function createSimulatorControl(simulator: { readonly baseUrl: string }) {
  const send = async (method: string, path: string, body?: string): Promise<string> => {
    const url = `${simulator.baseUrl}/_sim${path}`;
    const response = await fetch(url, { method, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`the simulator refused ${method} ${path}: ${text}`);
    return text;
  };
  const order = (body: object) => send('POST', '/orders', JSON.stringify(body));
  const read = async <Body>(path: string): Promise<Body> => JSON.parse(await send('GET', path));
  return {
    /** The requests whose path matches, in the order of their arrival. */
    async requests(path = /^/): Promise<SeenRequest[]> {
      const { requests } = await read<{ requests: SeenRequest[] }>('/requests');
      return requests.filter((request) => path.test(request.path));
    },
    clearRequests: () => send('DELETE', '/requests'),
    violations: () => read<Violations>('/violations'),
    clearViolations: () => send('DELETE', '/violations'),
    stats: () => read<Stats>('/stats'),
    exports: () => read<readonly object[]>('/exports'),
    /** The number of resources of each type. */
    types: () => read<Readonly<Record<string, number>>>('/types'),
    /** The current resources of a type, one line for each. */
    async lines(type: string): Promise<string[]> {
      return (await send('GET', `/resources/${type}`)).split('\n').filter(Boolean);
    },
    /** @param reference such as `Patient/p1` */
    put: (reference: string, resource: string) => send('PUT', `/fhir/${reference}`, resource),
    remove: (reference: string) => send('DELETE', `/fhir/${reference}`),
    orders: () => read<readonly { readonly applied: number }[]>('/orders'),
    order,
    /** Orders a fault for requests by their path, or by what `match` contains. Default: for the next one. */
    inject: (match: string | object, fault: object, when: { times?: number | 'always'; after?: number } = {}) =>
      order({ match: typeof match === 'string' ? { path: match } : match, fault, ...when }),
    orderScenario: (scenario: string) => order({ scenario }),
    orderSettings: (set: object) => order({ fault: { kind: 'settings', set } }),
    /** Cancels all orders, also those of settings. */
    cancelOrders: () => send('DELETE', '/orders'),
  };
}
