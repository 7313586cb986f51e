import type { ServerResponse } from 'node:http';
import { type ReceivedRequest, type ScriptedServer, startScriptedServer } from '@bulkhead/embedded/scripted-server';
import { answerJson, cut, interrupt, type PendingResponse, refuse, reply, webPage } from './answers.ts';
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
    this.#server = await startScriptedServer((request, response) =>
      this.#onRequest(request, { response, now: this.#now }),
    );
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

  #onRequest(request: ReceivedRequest, answer: PendingResponse): ServerResponse {
    const { response } = answer;
    // A client may close the connection during an answer.
    response.on('error', () => undefined);
    const url = new URL(request.url, this.url);
    const [, route = '', id = '', name = ''] = url.pathname.split('/');
    if (route !== 'files' && route !== 'status') {
      this.#requests += 1;
      return this.#answerFhir({ request, url, answer });
    }
    const running = this.#exports.get(id);
    if (!running) return reply(response, 404);
    this.#requests += 1;
    if (route === 'files') return answerFile({ running, name, request, answer });
    if (request.method === 'DELETE') return reply(response, 202);
    return answerStatus({ running, page: Number(url.searchParams.get('page') ?? 0), baseUrl: this.url, answer });
  }

  #answerFhir(options: {
    readonly request: ReceivedRequest;
    readonly url: URL;
    readonly answer: PendingResponse;
  }): ServerResponse {
    const { request, url, answer } = options;
    if (url.pathname === '/token') return this.#grantToken(answer);
    if (url.pathname === '/metadata') {
      const interruption = this.#refusals.capabilities.shift();
      return interruption === undefined
        ? answerJson(answer.response, capabilityStatement)
        : interrupt(answer, interruption);
    }
    if (request.headers.authorization !== `Bearer ${token}`) return reply(answer.response, 401);
    if (url.pathname.endsWith('/$export')) return this.#kickOff(url, answer);
    if (!this.#searches) return reply(answer.response, 404);
    return answerSearch({ searches: this.#searches, url, baseUrl: this.url }, answer);
  }

  #grantToken(answer: PendingResponse): ServerResponse {
    const failure = this.#refusals.token.shift();
    if (failure === 'web-page') return webPage(answer.response);
    if (failure === 'no-token') return answerJson(answer.response, { token_type: 'Bearer' });
    if (failure !== undefined) return refuse(answer, failure);
    return answerJson(answer.response, {
      access_token: token,
      token_type: 'Bearer',
      expires_in: 3600,
      scope: 'system/*.read',
    });
  }

  #kickOff(url: URL, answer: PendingResponse): ServerResponse {
    const { response } = answer;
    const refusal = this.#refusals.kickOff.shift();
    if (refusal) return refuse(answer, refusal);
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
    if (plan.location !== 'cut-body') return reply(response, 202, { 'content-location': location });
    response.writeHead(202, { 'content-location': location, 'content-length': '100' });
    return cut(response, '{');
  }
}

const token = 'hostile-token';

const capabilityStatement = {
  resourceType: 'CapabilityStatement',
  fhirVersion: '4.0.1',
  rest: [{ operation: [{ name: 'export' }], resource: types.map((type) => ({ type })) }],
};
