import type { IncomingMessage } from 'node:http';
import { AppError } from '@bulkhead/domain';
import { readOutcomeIssues } from '@bulkhead/fhir';
import { noTracing, type Tracing } from '@bulkhead/runtime';
import { AxiosError, type AxiosInstance, type AxiosResponse } from 'axios';
import { createEgressGuard, type EgressGuard, egressRefusal } from './egress-guard.ts';
import { createEhrAxios, type Watched } from './ehr-axios.ts';
import { EhrHttpError } from './ehr-http-error.ts';
import { type EhrObserver, silentObserver } from './ehr-observer.ts';
import type { EhrRequest } from './ehr-request.ts';
import { pauseReason } from './pause-reason.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { retryAfterOf } from './retry-after-of.ts';
import { callTokenEndpoint, type TokenCall } from './token-endpoint.ts';
import { traceRequest } from './trace-request.ts';
import { usedUpMs } from './used-up.ts';

export interface EhrResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body's JSON, or for `stream` the IncomingMessage. */
  readonly data: unknown;
  /** After redirects. */
  readonly url: string;
}

/** RFC 9110 15.4 leaves the number to the client; browsers stop at 20, no FHIR server needs more than 2. */
const maxRedirects = 5;
const maxErrorBodyBytes = 64 * 1024;

export type EhrHttp = ReturnType<typeof createEhrHttp>;

/**
 * The only way out to an EHR: each try of each request passes the rate limiter, redirects are followed by hand (axios
 * interceptors do not run for them) and lose the token at another origin, and every failure becomes an AppError.
 */
export function createEhrHttp(options: {
  readonly limiter: RateLimiter;
  readonly guard?: EgressGuard;
  readonly observer?: EhrObserver;
  readonly tracing?: Tracing;
}) {
  const { limiter, guard = createEgressGuard(), observer = silentObserver, tracing = noTracing } = options;
  const http = createEhrAxios({ limiter, observer });
  return {
    /** @throws EhrHttpError for an error status, AppError `ehr-unreachable` where there was no answer. */
    async send(request: EhrRequest): Promise<EhrResponse> {
      try {
        const response = await follow({ http, guard, tracing, request });
        await pauseIfUsedUp({ limiter, observer, request, response });
        return response;
      } catch (error) {
        throw await translate(error, { limiter, observer, request });
      }
    },
    /**
     * Calls a token endpoint through openid-client: under the guard, within the endpoint's own budget, without redirects.
     * @throws AppError `token-unavailable` where the endpoint asks for fewer requests: then all of this budget wait.
     */
    callTokenEndpoint: <Value>(call: TokenCall<Value>) =>
      callTokenEndpoint({ limiter, guard, observer, tracing, ...call }),
    close: () => guard.close(),
  };
}

async function follow(options: {
  readonly http: AxiosInstance;
  readonly guard: EgressGuard;
  readonly tracing: Tracing;
  readonly request: EhrRequest;
}): Promise<EhrResponse> {
  const { http, guard, tracing, request } = options;
  let { url, headers } = request;
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const send = () =>
      http.request({
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
    const { provider } = request.connection;
    const response = await traceRequest({
      tracing,
      provider,
      kind: request.priority,
      method: request.method,
      url,
      send,
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

function pick({ connection, budget, priority, signal, onSend }: EhrRequest) {
  return { provider: connection.provider, budget, priority, signal, ...(onSend ? { onSend } : {}) };
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
  { limiter, observer, request }: Watched & { readonly request: EhrRequest },
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
  await pauseIfThrottled({ limiter, observer, request, response, retryAfterMs });
  return new EhrHttpError({ status: response.status, issues: readOutcomeIssues(body), retryAfterMs, host });
}

/** A throttled client must not be one that asks on: everyone who shares the budget waits. */
async function pauseIfThrottled(
  options: Watched & {
    readonly request: EhrRequest;
    readonly response: AxiosResponse;
    readonly retryAfterMs: number | undefined;
  },
): Promise<void> {
  const { limiter, observer, request, response, retryAfterMs } = options;
  if (!request.budget) return;
  const throttled = response.status === 429 || (response.status === 503 && retryAfterMs !== undefined);
  // A 429 at the kick-off means "one export at a time", not "too many requests".
  if (!throttled || request.priority === 'kick-off') return;
  observer.limiterPaused({ budget: request.budget.name, status: response.status });
  const reason = pauseReason(response.status);
  await limiter.pause({ budget: request.budget, pauseMs: retryAfterMs ?? 2000, reason });
}

/**
 * What others have used of the same budget, this limiter does not know: the EHR says so before it refuses. A reset within the
 * window is no news: the log waits for just that, and a pause would halve the rate.
 */
async function pauseIfUsedUp(
  options: Watched & { readonly request: EhrRequest; readonly response: EhrResponse },
): Promise<void> {
  const { limiter, observer, request, response } = options;
  const { budget } = request;
  const pauseMs = usedUpMs({ headers: response.headers, now: new Date() });
  if (!budget || pauseMs === undefined || pauseMs <= budget.rateLimit.windowMs) return;
  observer.limiterPaused({ budget: budget.name, status: 'used-up' });
  await limiter.pause({ budget, pauseMs, reason: 'X-RateLimit-Remaining: 0' });
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
