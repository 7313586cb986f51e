import { AppError } from '@bulkhead/domain';
import axios, { type AxiosResponse } from 'axios';
import type { EgressGuard, EgressRules } from './egress-guard.ts';
import type { RateBudget, RateLimiter } from './rate-limiter.ts';
import { parseRetryAfter } from './retry-after.ts';

export interface TokenCall<Value> {
  readonly egress: EgressRules;
  /** The endpoint's own; undefined: none. */
  readonly budget: RateBudget | undefined;
  readonly call: (fetch: (url: string, init: FetchInit) => Promise<Response>) => Promise<Value>;
}

/** What openid-client hands to a fetch. */
interface FetchInit {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** A token is issued in well under a second; openid-client itself waits 30 s. */
const timeoutMs = 30_000;
/** athenahealth refuses to the end of the minute. */
const unsaidWaitMs = 60_000;

/** One call of a token endpoint. The wait for the budget comes before it, or it would use up openid-client's time limit. */
export async function callTokenEndpoint<Value>(
  options: TokenCall<Value> & { readonly limiter: RateLimiter; readonly guard: EgressGuard },
): Promise<Value> {
  const { limiter, guard, egress, budget, call } = options;
  const grant = budget && (await limiter.acquire({ budget, priority: 'interactive' }));
  let waitMs: number | undefined;
  try {
    return await call(async (url, init) => {
      const response = await send({ guard, egress, url, init });
      grant?.settle();
      waitMs = throttleOf(response);
      return toFetchResponse(response);
    });
  } catch (error) {
    if (waitMs === undefined) throw error;
    if (budget) await limiter.pause({ budget, pauseMs: waitMs });
    throw throttled(waitMs);
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
    maxRedirects: 0,
    validateStatus: () => true,
    proxy: false,
    ...(signal ? { signal } : {}),
  });
}

/** @returns how long the server asks everybody to wait, if it does. */
function throttleOf({ status, headers }: AxiosResponse): number | undefined {
  const retryAfterMs = parseRetryAfter({ value: headers['retry-after'], now: new Date() });
  if (status === 429) return retryAfterMs ?? unsaidWaitMs;
  return status === 503 ? retryAfterMs : undefined;
}

function toFetchResponse({ status, data, headers }: AxiosResponse<Buffer>): Response {
  const result = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    for (const one of [value].flat()) if (typeof one === 'string') result.append(name, one);
  }
  return new Response(data.length > 0 ? new Uint8Array(data) : null, { status, headers: result });
}

function throttled(waitMs: number): AppError {
  return new AppError({
    code: 'token-unavailable',
    message: "The EHR's token endpoint asks for fewer requests. The work goes on by itself after the wait.",
    retry: { afterMs: waitMs },
    context: { reason: 'throttled', waitMs },
  });
}
