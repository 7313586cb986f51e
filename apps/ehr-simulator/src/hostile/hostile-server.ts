import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import type { ExportPlan, FileFailure, Refusal, RetryAfterForm } from './export-plan.ts';
import { type HostileFile, planFiles } from './plan-files.ts';
import { endOf, type World } from './world.ts';

export interface HostileServer {
  readonly url: string;
  /** All so far. */
  readonly requests: number;
  /** Every export from now on follows this plan, at the end of a period. */
  follow(options: { readonly plan: ExportPlan; readonly period: number }): void;
  stop(): Promise<void>;
}

interface RunningExport {
  readonly id: string;
  readonly plan: ExportPlan;
  readonly period: number;
  readonly files: ReadonlyMap<string, HostileFile>;
  polls: number;
  reads: number;
  /** By file: how often it was asked for. */
  readonly asked: Map<string, number>;
}

/**
 * A bulk data server that follows a plan of what servers may do, and of what they should not. It speaks HTTP only, so whatever it
 * does is what a client would get from a real server.
 */
export async function startHostileServer(world: World): Promise<HostileServer> {
  const exports = new Map<string, RunningExport>();
  let requests = 0;
  let kickOffs = 0;
  let plan: ExportPlan | undefined;
  let period = 1;
  let refusals: Refusal[] = [];

  const kickOff = (request: IncomingMessage, response: ServerResponse): ServerResponse => {
    const refusal = refusals.shift();
    if (refusal) return refuse(response, refusal);
    if (!plan) return reply(response, 500);
    kickOffs += 1;
    const id = String(kickOffs);
    const since = new URL(request.url ?? '', 'http://server').searchParams.get('_since') ?? undefined;
    const files = planFiles({ world, period, since, plan });
    const named = new Map(files.map((file) => [file.name, file]));
    exports.set(id, { id, plan, period, files: named, polls: 0, reads: 0, asked: new Map() });
    const location = plan.location === 'absolute' ? `${baseUrl()}/status/${id}` : `/status/${id}`;
    if (plan.location !== 'cut-body') return reply(response, 202, { 'content-location': location });
    response.writeHead(202, { 'content-location': location, 'content-length': '100' });
    response.write('{', () => response.destroy());
    return response;
  };

  const answer = (request: IncomingMessage, response: ServerResponse): ServerResponse => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://server');
    if (pathname === '/metadata') return answerJson(response, capabilityStatement());
    if (pathname.endsWith('/$export')) return kickOff(request, response);
    const [, route, id = '', name = ''] = pathname.split('/');
    const running = exports.get(id);
    if (!running) return reply(response, 404);
    if (route === 'files') return answerFile({ running, name, request, response });
    if (request.method === 'DELETE') return reply(response, 202);
    return answerStatus({ running, page: Number(searchParams.get('page') ?? 0), baseUrl: baseUrl(), response });
  };

  const server = createServer((request, response) => {
    requests += 1;
    // A client may go away in the middle of an answer.
    response.on('error', () => undefined);
    answer(request, response);
  });
  const baseUrl = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: baseUrl(),
    get requests() {
      return requests;
    },
    follow(next) {
      ({ plan, period } = next);
      refusals = [...next.plan.kickOff];
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answerStatus(options: {
  readonly running: RunningExport;
  readonly page: number;
  readonly baseUrl: string;
  readonly response: ServerResponse;
}): ServerResponse {
  const { running, page, baseUrl, response } = options;
  const { plan, id, period } = running;
  const poll = page === 0 ? plan.polls[running.polls++] : undefined;
  if (poll === 'in-progress') return reply(response, 202, { 'x-progress': '50%' });
  if (poll === 'web-page') return webPage(response);
  if (poll) return refuse(response, poll);
  if (page === 0) running.reads += 1;
  const { pageSize, oddity } = plan.manifest;
  const entries = manifestEntries(running, baseUrl);
  const shown = pageSize === 0 ? entries : entries.slice(page * pageSize, (page + 1) * pageSize);
  const hasMore = pageSize > 0 && entries.length > (page + 1) * pageSize;
  const next = oddity === 'page-loop' ? 0 : page + 1;
  const listOf = (section: string) => shown.filter((one) => one.section === section).map(({ entry }) => entry);
  const link =
    hasMore || oddity === 'page-loop' ? [{ relation: 'next', url: `${baseUrl}/status/${id}?page=${next}` }] : [];
  return answerJson(response, {
    transactionTime: oddity === 'future-time' ? '2099-01-01T00:00:00Z' : endOf(period),
    request: `${baseUrl}/$export`,
    requiresAccessToken: false,
    ...(oddity === 'no-output'
      ? {}
      : { output: oddity === 'output-object' ? { 0: listOf('output') } : listOf('output') }),
    ...(plan.deletions === 'none-listed' ? {} : { deleted: listOf('deleted') }),
    error: listOf('error'),
    link: oddity === 'link-object' ? { relation: 'next', url: '/none' } : link,
  });
}

function manifestEntries(running: RunningExport, baseUrl: string) {
  const { plan, id, files, reads } = running;
  const { counts, typeNames, urls, rotations, oddity } = plan.manifest;
  const base = urls === 'relative' ? '' : baseUrl;
  const entries = [...files.values()].map(({ name, section, type, count }) => {
    const shownCount = { absent: undefined, right: count, low: count - 1, high: count + 1 }[counts];
    const typed = { right: type, 'lower-case': type?.toLowerCase(), absent: undefined }[typeNames];
    return {
      section,
      entry: {
        ...(section !== 'output' ? { type } : typed === undefined ? {} : { type: typed }),
        url: `${base}/files/${id}/${name}${urls === 'signed' ? `?signature=${reads}` : ''}`,
        ...(shownCount === undefined || shownCount < 0 ? {} : { count: shownCount }),
      } as object,
    };
  });
  if (oddity === 'bad-entry') entries.push({ section: 'output', entry: { type: 'Patient' } });
  const offset = entries.length === 0 ? 0 : (rotations[reads - 1] ?? 0) % entries.length;
  return [...entries.slice(offset), ...entries.slice(0, offset)];
}

function answerFile(options: {
  readonly running: RunningExport;
  readonly name: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}): ServerResponse {
  const { running, name, request, response } = options;
  const file = running.files.get(name);
  if (!file) return reply(response, 404);
  if (file.status !== undefined) return reply(response, file.status);
  const { urls } = running.plan.manifest;
  const { searchParams, pathname } = new URL(request.url ?? '', 'http://server');
  // A signature is good for the last manifest that was read.
  if (urls === 'signed' && searchParams.get('signature') !== String(running.reads)) return reply(response, 403);
  const ask = running.asked.get(name) ?? 0;
  running.asked.set(name, ask + 1);
  const failure = running.plan.files.failures[ask];
  if (failure?.kind === 'redirect') return reply(response, 307, { location: request.url ?? pathname });
  if (failure?.kind === 'status') return refuse(response, failure);
  if (failure?.kind === 'web-page') return webPage(response);
  return sendContent({ file, plan: running.plan.files, request, response, failure });
}

function sendContent(options: {
  readonly file: HostileFile;
  readonly plan: ExportPlan['files'];
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly failure: FileFailure | undefined;
}): ServerResponse {
  const { file, plan, request, response, failure } = options;
  const { content } = file;
  const etag = `"${file.name}"`;
  const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
  const start = Number(range?.[1] ?? 0);
  const isRange = range !== null && plan.ranges !== 'ignored' && start < content.length;
  const end = plan.ranges === 'shortened' ? Math.max(start, content.length - 2) : content.length - 1;
  const part = isRange ? content.subarray(start, end + 1) : content;
  const body = isRange ? part : encode(plan.coding, part);
  const shownEtag = isRange && plan.ranges === 'other-etag' ? '"another"' : etag;
  const headers: Record<string, string> = {
    ...(plan.contentType === 'none' ? {} : { 'content-type': plan.contentType }),
    ...(plan.ranges === 'no-etag' ? {} : { etag: shownEtag }),
    ...(isRange ? { 'content-range': `bytes ${start}-${end}/${content.length}` } : codingHeader(plan.coding)),
    ...(plan.framing === 'length' ? { 'content-length': String(body.length) } : {}),
  };
  response.writeHead(isRange ? 206 : 200, headers);
  if (failure?.kind !== 'cut') return response.end(body);
  const sent = body.subarray(0, Math.floor((body.length * failure.percent) / 100));
  response.write(sent.length > 0 ? sent : ' ', () => response.destroy());
  return response;
}

function encode(coding: ExportPlan['files']['coding'], content: Buffer): Buffer {
  if (coding === 'gzip') return gzipSync(content);
  if (coding === 'deflate') return deflateSync(content);
  if (coding === 'identity') return content;
  const middle = Math.floor(content.length / 2);
  return Buffer.concat([gzipSync(content.subarray(0, middle)), gzipSync(content.subarray(middle))]);
}

function codingHeader(coding: ExportPlan['files']['coding']): Record<string, string> {
  if (coding === 'identity') return {};
  return { 'content-encoding': coding === 'deflate' ? 'deflate' : 'gzip' };
}

const retryAfter: Readonly<Record<RetryAfterForm, () => string | undefined>> = {
  none: () => undefined,
  seconds: () => '2',
  date: () => new Date(Date.now() + 2000).toUTCString(),
  'past-date': () => 'Mon, 01 Jan 2001 00:00:00 GMT',
  negative: () => '-5',
  text: () => 'soon',
  fraction: () => '1.5',
  epoch: () => String(Math.floor(Date.now() / 1000) + 2),
};

function refuse(response: ServerResponse, refusal: Refusal): ServerResponse {
  const wait = retryAfter[refusal.retryAfter]();
  return reply(response, refusal.status, wait === undefined ? {} : { 'retry-after': wait });
}

function reply(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): ServerResponse {
  return response.writeHead(status, headers).end();
}

function webPage(response: ServerResponse): ServerResponse {
  return response.writeHead(200, { 'content-type': 'text/html' }).end('<html><body>Please log in</body></html>');
}

function answerJson(response: ServerResponse, value: unknown): ServerResponse {
  return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function capabilityStatement() {
  return {
    resourceType: 'CapabilityStatement',
    fhirVersion: '4.0.1',
    rest: [{ operation: [{ name: 'export' }], resource: ['Patient', 'Observation', 'Goal'].map((type) => ({ type })) }],
  };
}
