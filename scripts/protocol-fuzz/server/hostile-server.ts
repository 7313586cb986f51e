import {
  type ReceivedRequest,
  type Route,
  type ScriptedServer,
  startScriptedServer,
} from '@bulkhead/embedded/scripted-server';
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

/**
 * A FHIR server with bulk export that follows a plan of allowed and forbidden behaviour. Clients reach it only by HTTP,
 * so they receive what a real server would send.
 */
export class HostileServer {
  #server: ScriptedServer | undefined;
  readonly #now: () => number;
  readonly #exports = new Map<string, HostileExport>();
  #world: ServedWorld = new World({ lives: [], now: Date.now });
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
  enter(world: ServedWorld): void {
    this.#world = world;
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
      return interruption === undefined ? { body: capabilityStatement } : interrupt(interruption, this.#now);
    }
    if (request.headers.authorization !== `Bearer ${token}`) return { status: 401 };
    if (url.pathname.endsWith('/$export')) return this.#kickOff(url);
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

  #kickOff(url: URL): Route {
    const refusal = this.#refusals.kickOff.shift();
    if (refusal) return refuse(refusal, this.#now);
    this.#kickOffs += 1;
    const id = String(this.#kickOffs);
    const plan = this.#plan;
    const since = url.searchParams.get('_since') ?? undefined;
    const files = planFiles({ world: this.#world, period: this.#period, since, plan });
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

const capabilityStatement = {
  resourceType: 'CapabilityStatement',
  fhirVersion: '4.0.1',
  rest: [{ operation: [{ name: 'export' }], resource: types.map((type) => ({ type })) }],
};
