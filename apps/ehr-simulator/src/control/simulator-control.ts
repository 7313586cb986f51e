import type { EhrSimulator } from '../app.ts';
import type { RecordedRequest, ViolationKind } from '../traffic/traffic-recorder.ts';

export interface Violations {
  readonly total: number;
  readonly byKind: Readonly<Record<ViolationKind, number>>;
  readonly violations: readonly { readonly kind: ViolationKind; readonly reason: string }[];
}

export interface Stats {
  /** The number of issued tokens. */
  readonly tokens: number;
  /** The number of revoked tokens. */
  readonly revoked: number;
}

/** Sends the requests of `/_sim` (see the README) for tests. @throws if the simulator refuses a request */
export function createSimulatorControl(simulator: Pick<EhrSimulator, 'baseUrl'>) {
  const send = async (method: string, path: string, body?: string): Promise<string> => {
    const url = `${simulator.baseUrl}/_sim${path}`;
    const response = await fetch(url, { method, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    if (!response.ok) throw new Error(`the simulator refused ${method} ${path}: ${text}`);
    return text;
  };
  const order = (fault: object) => send('POST', '/faults', JSON.stringify(fault));
  const read = async <Body>(path: string): Promise<Body> => JSON.parse(await send('GET', path));
  return {
    /** The requests whose path matches, in the order of their arrival. */
    async requests(path = /^/): Promise<RecordedRequest[]> {
      const { requests } = await read<{ requests: RecordedRequest[] }>('/requests');
      return requests.filter((request) => path.test(request.path));
    },
    violations: () => read<Violations>('/violations'),
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
    faults: () => read<readonly { readonly applied: number }[]>('/faults'),
    order,
    /** Orders a fault for requests by their path, or by what `match` contains. Default: for the next one. */
    inject: (match: string | object, fault: object, when: { times?: number | 'always'; after?: number } = {}) =>
      order({ match: typeof match === 'string' ? { path: match } : match, fault, ...when }),
    clearFaults: () => send('DELETE', '/faults'),
    orderScenario: (name: string) => send('POST', `/scenarios/${name}`),
    /** Clears all faults and changed options. */
    reset: () => send('DELETE', '/scenarios'),
    changeOptions: (options: object) => send('PATCH', '/options', JSON.stringify(options)),
  };
}
