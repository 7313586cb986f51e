import type { IncomingMessage } from 'node:http';
import { AppError, type Connection } from '@bulkhead/domain';
import { readOutcomeIssues } from '@bulkhead/fhir';
import axios, { AxiosError, type AxiosInstance, type AxiosResponse } from 'axios';
import axiosRetry, { exponentialDelay, isNetworkError } from 'axios-retry';
import { createEgressGuard, type EgressGuard, type EgressRules, egressRefusal } from './egress-guard.ts';
import { EhrHttpError } from './ehr-http-error.ts';
import type { Grant } from './grant.ts';
import type { RateBudget, RateLimiter } from './rate-limiter.ts';
import type { RequestPriority } from './request-priority.ts';
import { parseRetryAfter } from './retry-after.ts';
import { callTokenEndpoint, type TokenCall } from './token-endpoint.ts';

/** Everything that a request to an EHR needs besides its URL. */
export interface EhrRequest {
  readonly connection: Connection;
  readonly budget: RateBudget | undefined;
  /** Where it may go, each of its redirects too. */
  readonly egress: EgressRules;
  readonly priority: RequestPriority;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly responseType: 'json' | 'stream';
  /** Tries besides the first, for requests that may be repeated without harm. */
  readonly retries: number;
  /** Ends the waiting for the limiter, and the request unless it is `keptOnceSent`. */
  readonly signal?: AbortSignal | undefined;
  /** Its answer is waited for whatever happens: cutting it would lose what the server has begun. */
  readonly keptOnceSent?: boolean;
  /** Called when the request goes out, before anything of it has. */
  readonly onSend?: () => void;
}

export interface EhrResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body's JSON, or for `stream` the IncomingMessage. */
  readonly data: unknown;
  /** After redirects. */
  readonly url: string;
}

declare module 'axios' {
  interface AxiosRequestConfig {
    /** What the limiter's interceptor needs; every request of this client carries it. */
    ehr?: Pick<EhrRequest, 'budget' | 'priority' | 'signal' | 'onSend'> & { grant?: Grant };
  }
}

/** A silent connection is given up after this; servers in the field take up to a minute to compute a status. */
const idleTimeoutMs = 90_000;
/** RFC 9110 15.4 leaves the number to the client; browsers stop at 20, no FHIR server needs more than 2. */
const maxRedirects = 5;
/** A longer wait is the job's: it goes back to the queue instead of sitting in a request. */
const longestRetryWaitMs = 10_000;
const maxErrorBodyBytes = 64 * 1024;

export type EhrHttp = ReturnType<typeof createEhrHttp>;

/**
 * The only way out to an EHR: each try of each request passes the rate limiter, redirects are followed by hand (axios
 * interceptors do not run for them) and lose the token at another origin, and every failure becomes an AppError.
 */
export function createEhrHttp(options: { readonly limiter: RateLimiter; readonly guard?: EgressGuard }) {
  const { limiter, guard = createEgressGuard() } = options;
  const http = createAxios(limiter);
  return {
    /** @throws EhrHttpError for an error status, AppError `ehr-unreachable` where there was no answer. */
    async send(request: EhrRequest): Promise<EhrResponse> {
      try {
        return await follow({ http, guard, request });
      } catch (error) {
        throw await translate(error, { limiter, request });
      }
    },
    /**
     * Calls a token endpoint through openid-client: under the guard, within the endpoint's own budget, without redirects.
     * @throws AppError `token-unavailable` where the endpoint asks for fewer requests: then all of this budget wait.
     */
    callTokenEndpoint: <Value>(call: TokenCall<Value>) => callTokenEndpoint({ limiter, guard, ...call }),
    close: () => guard.close(),
  };
}

function createAxios(limiter: RateLimiter): AxiosInstance {
  const http = axios.create({
    timeout: idleTimeoutMs,
    maxRedirects: 0,
    validateStatus: (status) => status < 400,
    proxy: false,
  });
  // Before axios-retry's, so that every try is settled. A try without an answer may still be on its way.
  http.interceptors.response.use(settle, (error: AxiosError) => {
    if (error.response) settle(error.response);
    throw error;
  });
  axiosRetry(http, {
    retryDelay: (count, error) => retryAfterOf(error.response) ?? exponentialDelay(count),
    retryCondition: (error) =>
      isNetworkError(error) ||
      ((error.response?.status ?? 0) >= 500 && (retryAfterOf(error.response) ?? 0) <= longestRetryWaitMs),
    // Without it the time spent waiting for the limiter is taken off the timeout and a retry is dropped silently.
    shouldResetTimeout: true,
  });
  http.interceptors.request.use(async (config) => {
    const { ehr } = config;
    if (ehr?.budget) ehr.grant = await limiter.acquire({ ...ehr, budget: ehr.budget });
    ehr?.onSend?.();
    return config;
  });
  return http;
}

function settle(response: AxiosResponse): AxiosResponse {
  response.config.ehr?.grant?.settle();
  return response;
}

async function follow(options: {
  readonly http: AxiosInstance;
  readonly guard: EgressGuard;
  readonly request: EhrRequest;
}): Promise<EhrResponse> {
  const { http, guard, request } = options;
  let { url, headers } = request;
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const response = await http.request({
      ...guard.check({ url, rules: request.egress }),
      method: request.method,
      url,
      headers,
      data: request.body,
      // A file's compressed bytes are what its integrity is checked on, so streams are not unpacked here.
      decompress: request.responseType !== 'stream',
      responseType: request.responseType,
      ehr: pick(request),
      'axios-retry': { retries: request.retries },
      ...(request.signal && !request.keptOnceSent ? { signal: request.signal } : {}),
    });
    const location = response.headers.location as string | undefined;
    if (response.status < 300 || location === undefined) return toResponse(response, url);
    discard(response.data);
    const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
    if (!next || !/^https?:$/.test(next.protocol)) throw badRedirect();
    if (next.origin !== new URL(url).origin) headers = withoutAuthorization(headers);
    url = next.href;
  }
  throw badRedirect();
}

function pick({ budget, priority, signal, onSend }: EhrRequest) {
  return { budget, priority, signal, ...(onSend ? { onSend } : {}) };
}

function badRedirect(): AppError {
  return new AppError({
    code: 'ehr-redirects',
    message: 'The EHR redirects in a circle or to no usable address. Verify the FHIR endpoint of the connection.',
    retry: 'never',
  });
}

function toResponse({ status, headers, data }: AxiosResponse, url: string): EhrResponse {
  return { status, headers: headers as Record<string, string | undefined>, data, url };
}

function withoutAuthorization(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));
}

async function translate(
  error: unknown,
  { limiter, request }: { readonly limiter: RateLimiter; readonly request: EhrRequest },
): Promise<unknown> {
  if (request.signal?.aborted && !request.keptOnceSent) return request.signal.reason;
  if (!(error instanceof AxiosError)) return error;
  const { host } = new URL(request.url);
  const { response } = error;
  const refusal = egressRefusal(error);
  if (refusal) return refusal;
  if (!response) {
    return new AppError({
      code: 'ehr-unreachable',
      message:
        'The EHR did not answer. The request is tried again; if it lasts, verify the FHIR endpoint and the network.',
      retry: 'later',
      context: { host, reason: error.code },
    });
  }
  const body = await readErrorBody(response.data);
  const retryAfterMs = retryAfterOf(response);
  await pauseIfThrottled({ limiter, request, response, retryAfterMs });
  return new EhrHttpError({ status: response.status, issues: readOutcomeIssues(body), retryAfterMs, host });
}

/** A throttled client must not be one that asks on: everyone who shares the budget waits. */
async function pauseIfThrottled(options: {
  readonly limiter: RateLimiter;
  readonly request: EhrRequest;
  readonly response: AxiosResponse;
  readonly retryAfterMs: number | undefined;
}): Promise<void> {
  const { limiter, request, response, retryAfterMs } = options;
  if (!request.budget) return;
  const throttled = response.status === 429 || (response.status === 503 && retryAfterMs !== undefined);
  // A 429 at the kick-off means "one export at a time", not "too many requests".
  if (!throttled || request.priority === 'kick-off') return;
  await limiter.pause({ budget: request.budget, pauseMs: retryAfterMs ?? 2000 });
}

function retryAfterOf(response: AxiosResponse | undefined): number | undefined {
  return parseRetryAfter({ value: response?.headers['retry-after'], now: new Date() });
}

/** JSON where it is some, else undefined: error bodies may be HTML, plain text or empty. */
async function readErrorBody(data: unknown): Promise<unknown> {
  if (typeof (data as IncomingMessage | undefined)?.pipe !== 'function') return data;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of data as IncomingMessage) {
      size += (chunk as Buffer).length;
      if (size > maxErrorBodyBytes) break;
      chunks.push(chunk as Buffer);
    }
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

function discard(data: unknown): void {
  if (typeof (data as IncomingMessage | undefined)?.resume === 'function') (data as IncomingMessage).resume();
}
