import { type Tracing, whileWaiting } from '@bulkhead/base';
import { type EgressGuard, type EgressRules, failureOf } from '@bulkhead/base/egress';
import axios, { type AxiosResponse } from 'axios';
import type { RateBudget, RateLimiter, RequestPriority } from '../../rate-limiter/index.ts';
import { parseRetryAfter } from '../answers/answer-rules.ts';
import { limitHeadersOf, pauseReason } from '../answers/limit-headers.ts';
import { ehrError } from '../errors.ts';
import { addressOf, type EhrObserver, madeConnection, traceRequest } from './ehr-observer.ts';

export interface TokenCall<Value> {
  readonly provider: string;
  readonly egress: EgressRules;
  /** The endpoint's own budget, if it has one. */
  readonly budget: RateBudget | undefined;
  readonly priority: RequestPriority;
  readonly call: (fetch: (url: string, init: FetchInit) => Promise<Response>) => Promise<Value>;
  /** Called with each answer, because openid-client does not return unexpected ones. */
  readonly onAnswer?: (answer: TokenAnswer) => void;
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** Whether a token response lacks a type (RFC 6749, section 5.1, requires it). Such a token is used as a Bearer token. */
export function isUntyped({ body }: Pick<TokenAnswer, 'body'>): boolean {
  const { access_token: token, token_type: type } = (membersOf(body) ?? {}) as Readonly<Record<string, unknown>>;
  return typeof token === 'string' && (type === undefined || type === null || type === '');
}

/** The options that openid-client passes to a fetch. */
interface FetchInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** A token is usually issued in well under a second. openid-client itself waits 30 s. */
const timeoutMs = 30_000;
/** Counted after decompression. A token with its ID token and scopes has a few kilobytes. */
const maxAnswerBytes = 1024 * 1024;
/** athenahealth refuses requests until the minute ends. */
const defaultWaitMs = 60_000;

/** Calls a token endpoint. The wait for the budget is outside of the call, because it would use up openid-client's time limit. */
export async function callTokenEndpoint<Value>(
  options: TokenCall<Value> & {
    readonly limiter: RateLimiter;
    readonly guard: EgressGuard;
    readonly observer: EhrObserver;
    readonly tracing: Tracing;
  },
): Promise<Value> {
  const { limiter, observer, tracing, provider, budget, priority, call } = options;
  const requestedAt = performance.now();
  const grant = budget && (await whileWaiting(() => limiter.acquire({ budget, priority })));
  const waitMs = budget ? performance.now() - requestedAt : 0;
  if (budget) observer.limiterWaited({ kind: 'token', waitMs });
  let throttle: { readonly status: number; readonly waitMs: number } | undefined;
  try {
    return await call(async (url, init) => {
      const { method } = init;
      const response = await observed({
        observer,
        provider,
        method,
        url,
        waitMs,
        request: () =>
          traceRequest({ tracing, provider, kind: 'token', method, url, send: () => send({ ...options, url, init }) }),
      });
      grant?.settle({ madeConnection: madeConnection(response) });
      throttle = throttleOf(response);
      options.onAnswer?.({ status: response.status, body: response.data });
      return toFetchResponse(response);
    });
  } catch (error) {
    if (throttle === undefined) throw error;
    const { status, waitMs } = throttle;
    if (budget) {
      observer.limiterPaused({ budget: budget.name, status });
      await limiter.pause({ budget, pauseMs: waitMs, reason: pauseReason(status) });
    }
    throw ehrError('token-unavailable', { retry: { afterMs: waitMs }, context: { reason: 'throttled', waitMs } });
  }
}

async function observed(options: {
  readonly observer: EhrObserver;
  readonly provider: string;
  readonly method: string;
  readonly url: string;
  readonly waitMs: number;
  readonly request: () => Promise<AxiosResponse<Buffer>>;
}): Promise<AxiosResponse<Buffer>> {
  const { observer, provider, method, url, waitMs, request } = options;
  const sentAt = performance.now();
  const ended = (response: AxiosResponse | undefined, error?: unknown) =>
    observer.requestEnded({
      provider,
      kind: 'token',
      ...addressOf({ method, url }),
      status: response?.status,
      ...failureOf(error),
      durationMs: performance.now() - sentAt,
      waitMs,
      ...limitHeadersOf(response),
    });
  try {
    const response = await request();
    ended(response);
    observer.bytesReceived({ provider, kind: 'token', bytes: response.data.length });
    return response;
  } catch (error) {
    ended(undefined, error);
    throw error;
  }
}

function send(options: {
  readonly guard: EgressGuard;
  readonly egress: EgressRules;
  readonly url: string;
  readonly init: FetchInit;
}): Promise<AxiosResponse<Buffer>> {
  const { guard, egress, url, init } = options;
  const { method, headers, body, signal } = init;
  return axios.request<Buffer>({
    ...guard.check({ url, rules: egress }),
    method,
    url,
    headers,
    data: body === undefined || body === null ? undefined : String(body),
    responseType: 'arraybuffer',
    timeout: timeoutMs,
    maxContentLength: maxAnswerBytes,
    maxRedirects: 0,
    validateStatus: () => true,
    ...(signal ? { signal } : {}),
  });
}

/** @returns how long the server asks all clients to wait, if it does */
function throttleOf({ status, headers }: AxiosResponse) {
  const retryAfterMs = parseRetryAfter({ value: headers['retry-after'], now: new Date() });
  const waitMs = status === 429 ? (retryAfterMs ?? defaultWaitMs) : retryAfterMs;
  return waitMs !== undefined && (status === 429 || status === 503) ? { status, waitMs } : undefined;
}

function toFetchResponse({ status, data, headers }: AxiosResponse<Buffer>): Response {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const text of [value].flat()) if (typeof text === 'string') result.append(name, text);
  }
  // Some servers say 201, and openid-client accepts only 200. The body decides whether it has a token.
  const tokenStatus = status === 201 ? 200 : status;
  return new Response(data.length > 0 ? new Uint8Array(toStandard(data)) : null, {
    status: tokenStatus,
    headers: result,
  });
}

/**
 * Converts what servers send and openid-client refuses. Members that are null, and a lifetime that is not positive, are removed: they
 * mean the same as their absence, and a token with such a lifetime would be requested again for every request. The type `BearerToken`,
 * which Apigee sends by default, becomes `Bearer`, and so does a missing type, because no other type is in use.
 */
function toStandard(body: Buffer): Buffer {
  const document = membersOf(body);
  if (!document) return body;
  const isStated = ([name, value]: [string, unknown]) =>
    value !== null && !(name === 'expires_in' && Number(value) <= 0);
  const members: Record<string, unknown> = Object.fromEntries(Object.entries(document).filter(isStated));
  if (isUntyped({ body }) || /^bearertoken$/i.test(String(members.token_type))) members.token_type = 'Bearer';
  return Buffer.from(JSON.stringify(members));
}

/** The members of a JSON object, or undefined for anything else. */
function membersOf(body: Buffer): object | undefined {
  try {
    const document: unknown = JSON.parse(body.toString('utf8'));
    return typeof document === 'object' && document !== null && !Array.isArray(document) ? document : undefined;
  } catch {
    return undefined;
  }
}
