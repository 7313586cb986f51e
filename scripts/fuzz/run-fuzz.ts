import { createRandom } from '../random.ts';
import { type ApiDocument, type ApiOperation, operationsOf } from './api-operations.ts';
import { createJudge, type FuzzAnswer } from './judge-answer.ts';
import { type FuzzRequest, familyOf, makeRequest } from './make-request.ts';

export interface FuzzTarget {
  readonly baseUrl: string;
  readonly operatorKey: string;
  readonly clientKey: string;
  readonly connectionId: string;
}

export interface FuzzSummary {
  readonly requests: number;
  readonly serverErrors: number;
  readonly undocumented: number;
  readonly seed: number;
  /** How often each status came. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Operations that succeeded at least once, of how many. */
  readonly succeeded: string;
  /** The first of each kind: what was asked, and what is wrong with the answer. */
  readonly findings: readonly string[];
}

/** As many as keep two cores busy. */
const inFlight = 12;
/** The longest that an answer waits for the EHR is half a minute. */
const timeoutMs = 45_000;
const shownFindings = 20;
/** Of each kind; old ones are forgotten, so that a long run asks for what it has made lately. */
const keptIds = 30;

/** Sends generated requests to every operation of the API's document, and counts what it answers other than documented. */
export async function runFuzz(options: {
  readonly target: FuzzTarget;
  readonly requests: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}): Promise<FuzzSummary> {
  const { target, requests, seed, signal } = options;
  const document = (await (await fetch(`${target.baseUrl}/openapi.json`)).json()) as ApiDocument;
  const operations = operationsOf(document).filter(isAnswered);
  const judge = createJudge(document);
  const kept = new Set([target.connectionId, ...(await keyIds(target))]);
  const random = createRandom(seed);
  const ids = new Map([['connections', [target.connectionId]]]);
  const statuses: Record<string, number> = {};
  const succeeded = new Set<string>();
  const found = { 'server-error': 0, undocumented: 0 };
  const findings = new Map<string, string>();
  let sent = 0;

  const one = async () => {
    const make = { random, ids, schemas: document.components.schemas };
    const keys = [target.operatorKey, target.operatorKey, target.clientKey];
    const request = makeRequest(make, { operations, keys, connectionId: target.connectionId, kept });
    const answer = await send({ baseUrl: target.baseUrl, request, signal });
    const { operation } = request;
    statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
    if (operation && answer.status < 400) succeeded.add(operation.operationId);
    if (operation) {
      const family = familyOf(operation);
      ids.set(family, [...new Set([...idsIn(answer), ...(ids.get(family) ?? [])])].slice(0, keptIds));
    }
    const finding = judge.judge(operation, answer);
    if (!finding) return;
    found[finding.kind] += 1;
    const where = operation ? `${operation.method} ${operation.path}` : `${request.method} ${request.path}`;
    const key = `${where} ${finding.what.slice(0, 40)}`;
    const body = request.body === undefined ? '' : ` ${request.body.slice(0, 300)}`;
    if (!findings.has(key)) findings.set(key, `${where}: ${finding.what}; asked ${request.path.slice(0, 300)}${body}`);
  };
  const sender = async () => {
    while (sent < requests && !signal.aborted) {
      sent += 1;
      await one();
    }
  };
  await Promise.all(Array.from({ length: inFlight }, sender));
  return {
    requests: sent,
    serverErrors: found['server-error'],
    undocumented: found.undocumented,
    seed,
    statuses,
    succeeded: `${succeeded.size} of ${operations.length}`,
    findings: [...findings.values()].slice(0, shownFindings),
  };
}

/** A stream of events lasts for minutes, as it should: who waits for its end asks nothing else meanwhile. Its refusals are tested by hand. */
function isAnswered({ responses }: ApiOperation): boolean {
  return responses['200']?.content?.['text/event-stream'] === undefined;
}

async function keyIds({ baseUrl, operatorKey }: FuzzTarget): Promise<string[]> {
  const headers = { authorization: `Bearer ${operatorKey}` };
  const answer = await (await fetch(`${baseUrl}/api/ehr/api-keys`, { headers })).json();
  return (answer as { data: { id: string }[] }).data.map(({ id }) => id);
}

async function send(options: {
  readonly baseUrl: string;
  readonly request: FuzzRequest;
  readonly signal: AbortSignal;
}): Promise<FuzzAnswer> {
  const { baseUrl, request, signal } = options;
  const { method, path, headers, body } = request;
  try {
    const response = await fetch(baseUrl + path, {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      ...(body === undefined || method === 'GET' || method === 'HEAD' ? {} : { body }),
    });
    return {
      status: response.status,
      contentType: response.headers.get('content-type') ?? '',
      text: await response.text(),
    };
  } catch (error) {
    // No answer at all is worse than a 500.
    return { status: 599, contentType: '', text: String(error) };
  }
}

/** Ids that an answer gives out: what comes next may ask for them. */
function idsIn({ text, status }: FuzzAnswer): string[] {
  if (status >= 300) return [];
  return [...text.slice(0, 20_000).matchAll(/"(?:id|exportId|fileId)":\s*"([^"]{1,200})"/g)]
    .map(([, id = '']) => id)
    .slice(0, 5);
}
