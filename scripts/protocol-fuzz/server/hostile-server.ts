import {
  type ReceivedRequest,
  type Route,
  type ScriptedServer,
  startScriptedServer,
} from '@bulkhead/embedded/scripted-server';
import { kickOffParameters } from '@bulkhead/fhir/bulk-server';
import { cut, interrupt, refuse, webPage } from './answers.ts';
import { type ExportPlan, goodPlan } from './export-plan.ts';
import { answerFile, answerStatus, type HostileExport } from './hostile-export.ts';
import { answerSearch, type HostileSearches } from './hostile-search.ts';
import { planFiles } from './plan-files.ts';
import { goodSearchPlan, type SearchPlan, types } from './search-plan.ts';
import { type ServedWorld, World } from './world.ts';

/** The behaviour of the server from now on. */
export interface Behaviour {
  /** The server has the data of the end of this period. */
  readonly period: number;
  /** Default: the behaviour of the specification. */
  readonly export?: ExportPlan;
  /** Default: the behaviour of the specification. */
  readonly search?: SearchPlan;
}

/** A Group whose members can change. */
export interface ServedGroup {
  readonly members: ReadonlySet<string>;
  /** Whether the server declares, and knows, the parameter `patient`. */
  readonly knowsPatient: boolean;
}

/**
 * A FHIR server with bulk export that follows a plan of allowed and forbidden behaviour. Clients reach it only by HTTP,
 * so they receive what a real server would send.
 */
export class HostileServer {
  #server: ScriptedServer | undefined;
  readonly #now: () => number;
  readonly #exports = new Map<string, HostileExport>();
  #world: ServedWorld = new World({ lives: [], now: Date.now });
  #group: ServedGroup | undefined;
  #period = 1;
  #plan = goodPlan;
  #refusals = { token: [...goodPlan.token], capabilities: [...goodPlan.capabilities], kickOff: [...goodPlan.kickOff] };
  #searches: HostileSearches | undefined;
  #kickOffs = 0;
  #requests = 0;

  /** @param options.now the server's clock, for `Retry-After` */
  constructor({ now = Date.now }: { readonly now?: () => number } = {}) {
    this.#now = now;
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  /** The number of requests so far, without those for exports of earlier worlds. */
  get requests(): number {
    return this.#requests;
  }

  async start(): Promise<void> {
    this.#server = await startScriptedServer((request, response) => {
      // A client may close the connection during an answer.
      response.on('error', () => undefined);
      return this.#answer(request);
    });
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }

  /** Serves another practice. The exports of the previous one are removed. */
  enter(world: ServedWorld, group?: ServedGroup): void {
    this.#world = world;
    this.#group = group;
    this.#exports.clear();
  }

  follow({ period, export: plan = goodPlan, search = goodSearchPlan }: Behaviour): void {
    this.#period = period;
    this.#plan = plan;
    this.#refusals = { token: [...plan.token], capabilities: [...plan.capabilities], kickOff: [...plan.kickOff] };
    this.#searches = { plan: search, world: this.#world, period, requestCounts: new Map() };
  }

  #answer(request: ReceivedRequest): Route {
    const url = new URL(request.url, this.url);
    const [, route = '', id = '', name = ''] = url.pathname.split('/');
    if (route !== 'files' && route !== 'status') {
      this.#requests += 1;
      return this.#answerFhir(request, url);
    }
    const running = this.#exports.get(id);
    if (!running) return { status: 404 };
    this.#requests += 1;
    if (route === 'files') return answerFile({ running, name, request, now: this.#now });
    if (request.method === 'DELETE') return { status: 202 };
    const page = Number(url.searchParams.get('page') ?? 0);
    return answerStatus({ running, page, baseUrl: this.url, now: this.#now });
  }

  #answerFhir(request: ReceivedRequest, url: URL): Route {
    if (url.pathname === '/token') return this.#grantToken();
    if (url.pathname === '/metadata') {
      const interruption = this.#refusals.capabilities.shift();
      const instantiates = this.#group?.knowsPatient ? [bulkData2] : [];
      return interruption === undefined
        ? { body: { ...capabilityStatement, instantiates } }
        : interrupt(interruption, this.#now);
    }
    if (request.headers.authorization !== `Bearer ${token}`) return { status: 401 };
    if (url.pathname.endsWith('/$export')) return this.#kickOff(request, url);
    if (!this.#searches) return { status: 404 };
    return answerSearch({ searches: this.#searches, url, baseUrl: this.url, now: this.#now });
  }

  #grantToken(): Route {
    const failure = this.#refusals.token.shift();
    if (failure === 'web-page') return webPage;
    if (failure === 'no-token') return { body: { token_type: 'Bearer' } };
    if (failure !== undefined) return refuse(failure, this.#now);
    return { body: { access_token: token, token_type: 'Bearer', expires_in: 3600, scope: 'system/*.read' } };
  }

  /** What a kick-off exports. Without a Group it is everything. */
  #exported(patients: readonly string[]): ServedWorld {
    const world = this.#world;
    if (!this.#group) return world;
    // Those of the kick-off, which an export that runs later must have.
    const members = new Set(this.#group.members);
    const isExported = (id: string) => members.has(id) && (patients.length === 0 || patients.includes(id));
    return {
      endOf: (period) => world.endOf(period),
      deletions: (options) => world.deletions(options),
      current: (options) => world.current(options).filter(({ patientId, id }) => isExported(patientId ?? id)),
    };
  }

  #kickOff({ method, body }: ReceivedRequest, url: URL): Route {
    const refusal = this.#refusals.kickOff.shift();
    if (refusal) return refuse(refusal, this.#now);
    this.#kickOffs += 1;
    const id = String(this.#kickOffs);
    const plan = this.#plan;
    const parameters = kickOffParameters({ method, search: url.searchParams, body }) ?? [];
    const since = parameters.find(([name]) => name === '_since')?.[1];
    const patients = parameters
      .filter(([name]) => name === 'patient')
      .map(([, value]) => value.slice('Patient/'.length));
    if (patients.length > 0 && !this.#group?.knowsPatient) return { status: 400 };
    const files = planFiles({ world: this.#exported(patients), period: this.#period, since, plan });
    const filesByName = new Map(files.map((file) => [file.name, file]));
    const transactionTime = this.#world.endOf(this.#period);
    this.#exports.set(id, {
      id,
      plan,
      transactionTime,
      files: filesByName,
      polls: 0,
      reads: 0,
      requestCounts: new Map(),
    });
    const location = plan.location === 'absolute' ? `${this.url}/status/${id}` : `/status/${id}`;
    const headers = { 'content-location': location };
    if (plan.location !== 'cut-body') return { status: 202, headers };
    return cut({ status: 202, headers: { ...headers, 'content-length': '100' } }, '{');
  }
}

const token = 'hostile-token';

const bulkData2 = 'http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data|2.0.0';

const capabilityStatement = {
  resourceType: 'CapabilityStatement',
  fhirVersion: '4.0.1',
  rest: [{ operation: [{ name: 'export' }], resource: types.map((type) => ({ type })) }],
};
