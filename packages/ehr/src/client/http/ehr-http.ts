import type { IncomingMessage } from 'node:http';
import { AppError, noTracing, type Tracing } from '@bulkhead/base';
import { connectionFailureOf, connectionRemedy, drain, type EgressGuard, egressRefusal } from '@bulkhead/base/egress';
import { AxiosError, type AxiosInstance, type AxiosResponse } from 'axios';
import type { RateLimiter } from '../../rate-limiter/index.ts';
import { acceptAnswer, type EhrResponse } from '../answers/accept-answer.ts';
import { retryAfterOf } from '../answers/answer-rules.ts';
import { pauseReason, statedDayLimit, usedUpMs } from '../answers/limit-headers.ts';
import { readErrorBody } from '../answers/read-error-body.ts';
import { ehrError } from '../errors.ts';
import { createEhrAxios, type EhrRequest, type Watched } from './ehr-axios.ts';
import { EhrHttpError, isThrottling } from './ehr-http-error.ts';
import { type EhrObserver, silentObserver, traceRequest } from './ehr-observer.ts';
import { callTokenEndpoint, type TokenCall } from './token-endpoint.ts';

/** RFC 9110, section 15.4, leaves the limit to the client. Browsers stop at 20, and no FHIR server needs more than 2. */
const maxRedirects = 5;
/**
 * Only these statuses redirect (RFC 9110, section 15.4). A 300 offers a choice and a 304 has no body, with or without `Location`.
 */
const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export type EhrHttp = ReturnType<typeof createEhrHttp>;

/**
 * All requests to EHRs go through here. Each attempt of each request passes the egress guard and the rate limiter. Redirects are
 * followed here, because axios interceptors do not run for them, and lose the token at an origin that must not get it. Every answer passes
 * `acceptAnswer`, and every failure becomes an AppError.
 */
export function createEhrHttp(options: {
  readonly limiter: RateLimiter;
  readonly guard: EgressGuard;
  readonly observer?: EhrObserver;
  readonly tracing?: Tracing;
  readonly idleTimeoutMs?: number;
}) {
  const { limiter, guard, observer = silentObserver, tracing = noTracing, idleTimeoutMs } = options;
  const http = createEhrAxios({ limiter, observer, idleTimeoutMs });

  const sendOnce = async (request: EhrRequest): Promise<EhrResponse> => {
    try {
      const { response, url } = await follow({ http, guard, tracing, request });
      request.onHead?.(response);
      await heedLimits({ limiter, observer, request, response });
      return await acceptAnswer({ response, rules: request.answer, url });
    } catch (error) {
      throw await translate(error, { limiter, observer, request });
    }
  };
  return {
    /**
     * @throws EhrHttpError for an error status, AppError `ehr-unreachable` without an answer, and what `acceptAnswer` throws
     */
    async send(request: EhrRequest): Promise<EhrResponse> {
      for (let retries = request.retries; ; retries--) {
        try {
          return await sendOnce(request);
        } catch (error) {
          // axios-retry retries failures before the body. A body that breaks off is only noticed here.
          const isBrokenOff = error instanceof AppError && error.code === 'connection-lost';
          if (!isBrokenOff || retries <= 0) throw error;
        }
      }
    },
    /**
     * Calls a token endpoint through openid-client, with the guard, within the endpoint's own budget and without redirects.
     * @throws AppError `token-unavailable` if the endpoint asks for fewer requests. All users of this budget then wait.
     */
    callTokenEndpoint: <Value>(call: TokenCall<Value>) =>
      callTokenEndpoint({ limiter, guard, observer, tracing, ...call }),
    close: () => guard.close(),
  };
}

/** Every request offers this coding. A caller that needs the unchanged bytes requests `identity`. */
const acceptEncoding = { 'accept-encoding': 'gzip' };

async function follow(options: {
  readonly http: AxiosInstance;
  readonly guard: EgressGuard;
  readonly tracing: Tracing;
  readonly request: EhrRequest;
}): Promise<{ readonly response: AxiosResponse<IncomingMessage>; readonly url: string }> {
  const { http, guard, tracing, request } = options;
  let { url } = request;
  let headers: Readonly<Record<string, string>> = { ...acceptEncoding, ...request.headers };
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const send = () =>
      http.request({
        ...guard.check({ url, rules: request.egress }),
        method: request.method,
        url,
        headers,
        data: request.body,
        // `acceptAnswer` decodes, because axios neither limits the decoded size nor distinguishes a cut-off body from a complete
        // one.
        decompress: false,
        responseType: 'stream',
        ehr: pick(request),
        'axios-retry': { retries: request.retries },
        ...(request.timeoutMs === undefined ? {} : { timeout: request.timeoutMs }),
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
    if (!redirectStatuses.has(response.status) || location === undefined) return { response, url };
    drain(response.data);
    const next = URL.canParse(location, url) ? new URL(location, url) : undefined;
    if (!next || !/^https?:$/.test(next.protocol)) throw ehrError('ehr-redirects');
    if (!mayFollow(request, { from: url, to: next })) throw refusedRedirect(request.method);
    const keepsToken = next.origin === new URL(url).origin || request.trusted?.has(next.origin);
    if (!keepsToken) headers = withoutAuthorization(headers);
    url = next.href;
  }
  throw ehrError('ehr-redirects');
}

function pick({ connection, budget, priority, signal, onSend }: EhrRequest) {
  return { provider: connection.provider, budget, priority, signal, ...(onSend ? { onSend } : {}) };
}

/**
 * Only reading is redirected, because the EHR would otherwise choose where something is changed, perhaps at a service in the operator's
 * network. A kick-off by GET also starts something, so it stays at its origin.
 */
function mayFollow(
  { method, priority }: EhrRequest,
  { from, to }: { readonly from: string; readonly to: URL },
): boolean {
  return method === 'GET' && (priority !== 'kick-off' || to.origin === new URL(from).origin);
}

function refusedRedirect(method: string): AppError {
  return ehrError('ehr-redirects', {
    message: `The EHR redirects a ${method} request that changes something, so it was not followed. Verify the FHIR endpoint of the connection.`,
  });
}

function withoutAuthorization(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'));
}

async function translate(error: unknown, { limiter, observer, request }: Watched & { readonly request: EhrRequest }) {
  if (request.signal?.aborted && !request.keptOnceSent) return request.signal.reason;
  if (!(error instanceof AxiosError)) return error;
  const { host } = new URL(request.url);
  const response = error.response as AxiosResponse<IncomingMessage> | undefined;
  const refusal = egressRefusal(error);
  if (refusal) return refusal;
  if (!response) {
    const reason = connectionFailureOf(error) ?? '';
    return ehrError('ehr-unreachable', {
      message: `The EHR could not be reached (${reason}). The request will be retried. ${connectionRemedy(reason)}`,
      context: { host, reason },
    });
  }
  request.onHead?.(response);
  const body = await readErrorBody(response.data);
  const retryAfterMs = retryAfterOf(response);
  const isThrottled = isThrottling({ status: response.status, ehrText: body.ehrText });
  await pauseIfThrottled({ limiter, observer, request, response, retryAfterMs, isThrottled });
  // A redirect to another origin removes the token, so the last request of the chain decides.
  const hadToken = error.config?.headers.has('authorization') ?? false;
  return new EhrHttpError({ status: response.status, ...body, retryAfterMs, host, hadToken });
}

/** If an EHR throttles one client, everyone who shares the budget waits. */
async function pauseIfThrottled(
  options: Watched & {
    readonly request: EhrRequest;
    readonly response: AxiosResponse;
    readonly retryAfterMs: number | undefined;
    readonly isThrottled: boolean;
  },
): Promise<void> {
  const { limiter, observer, request, response, retryAfterMs, isThrottled } = options;
  const throttled = isThrottled || (response.status === 503 && retryAfterMs !== undefined);
  // A 429 at the kick-off means "one export at a time", not "too many requests".
  if (!throttled || request.priority === 'kick-off') return;
  observer.limiterPaused({ budget: request.budget.name, status: response.status });
  const reason = pauseReason(response.status);
  await limiter.pause({ budget: request.budget, pauseMs: retryAfterMs ?? 2000, reason });
}

/**
 * The limiter does not know what other programs have used of the same budget, but the EHR reports that before it throttles. A reset
 * within the window is ignored: the limiter's log already waits for it, and a pause would halve the rate.
 */
async function heedLimits(options: Watched & { readonly request: EhrRequest; readonly response: AxiosResponse }) {
  const { limiter, observer, request, response } = options;
  const { budget } = request;
  const headers = response.headers as Readonly<Record<string, string | undefined>>;
  const perDay = statedDayLimit(headers, new Date());
  // A host of files counts by itself.
  const isOfEhr = new URL(request.url).origin === new URL(request.connection.fhirEndpoint).origin;
  if (perDay !== undefined && isOfEhr) limiter.learnDayLimit({ budget, perDay });
  const pauseMs = usedUpMs(headers, new Date());
  if (pauseMs === undefined || pauseMs <= budget.rateLimit.windowMs) return;
  observer.limiterPaused({ budget: budget.name, status: 'used-up' });
  await limiter.pause({ budget, pauseMs, reason: 'X-RateLimit-Remaining: 0' });
}
