import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Connection } from '@bulkhead/providers';
import type { Grant, RateBudget, RateLimiter, RequestPriority } from '@bulkhead/rate-limiter';
import axios, { type AxiosError, type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import axiosRetry, { exponentialDelay, isNetworkError } from 'axios-retry';
import { drain } from '../answers/accept-answer.ts';
import { type AnswerRules, retryAfterOf } from '../answers/answer-rules.ts';
import { limitHeadersOf } from '../answers/limit-headers.ts';
import type { EgressRules } from '../egress/egress-guard.ts';
import { addressOf, createReceivedBytes, type EhrObserver, failureOf, madeConnection } from './ehr-observer.ts';

declare module 'axios' {
  interface AxiosRequestConfig {
    /** What the interceptors need; every request of this client carries it. */
    ehr?: Pick<EhrRequest, 'budget' | 'priority' | 'signal' | 'onSend'> & {
      readonly provider: string;
      grant?: Grant;
      waitMs?: number;
      sentAt?: number;
    };
  }
}

/** A silent connection is given up after this; servers in the field take up to a minute to compute a status. */
const idleTimeoutMs = 90_000;
/** A longer wait is the job's: it goes back to the queue instead of sitting in a request. */
const longestRetryWaitMs = 10_000;

export interface Watched {
  readonly limiter: RateLimiter;
  readonly observer: EhrObserver;
}

/** Requests within their budget, tried again where that helps, and each try told of. */
export function createEhrAxios({ limiter, observer }: Watched): AxiosInstance {
  const http = axios.create({
    timeout: idleTimeoutMs,
    maxRedirects: 0,
    validateStatus: (status) => status < 400,
    proxy: false,
  });
  const tell = createTeller(observer);
  // Before axios-retry's, so that every try is settled. A try without an answer may still be on its way.
  http.interceptors.response.use(
    (response) => {
      tell(response.config, response);
      return settle(response);
    },
    (error: AxiosError) => {
      tell(error.config, error.response, error);
      if (error.response) settle(error.response);
      throw error;
    },
  );
  axiosRetry(http, {
    retryDelay: (count, error) => retryAfterOf(error.response) ?? exponentialDelay(count),
    retryCondition: (error) =>
      isNetworkError(error) ||
      ((error.response?.status ?? 0) >= 500 && (retryAfterOf(error.response) ?? 0) <= longestRetryWaitMs),
    // Without it the time spent waiting for the limiter is taken off the timeout and a retry is dropped silently.
    shouldResetTimeout: true,
    // Every body is a stream, and one that is not read keeps its connection.
    onRetry: (_count, error) => drain(error.response?.data as IncomingMessage | undefined),
  });
  http.interceptors.request.use(async (config) => {
    const { ehr } = config;
    if (!ehr) return config;
    const askedAt = performance.now();
    ehr.grant = await limiter.acquire(ehr);
    ehr.waitMs = performance.now() - askedAt;
    observer.limiterWaited({ kind: ehr.priority, waitMs: ehr.waitMs });
    ehr.sentAt = performance.now();
    ehr.onSend?.();
    return config;
  });
  return http;
}

/** Tells of each try: that it ended, and what came, of a stream when it is over. */
function createTeller(observer: EhrObserver) {
  const receivedOn = createReceivedBytes();
  return (config: AxiosRequestConfig | undefined, response: AxiosResponse | undefined, error?: AxiosError): void => {
    const { provider, priority: kind, sentAt, waitMs = 0 } = config?.ehr ?? {};
    // What the limiter or the guard has refused was never sent.
    if (provider === undefined || kind === undefined || sentAt === undefined) return;
    observer.requestEnded({
      provider,
      kind,
      ...addressOf({ method: config?.method, url: config?.url }),
      status: axios.isCancel(error) ? 'cancelled' : response?.status,
      ...(response ? {} : failureOf(error)),
      durationMs: performance.now() - sentAt,
      waitMs,
      ...limitHeadersOf(response),
    });
    const socket: Socket | null | undefined = response?.request?.socket;
    const count = () => observer.bytesReceived({ provider, kind, bytes: receivedOn(socket) });
    const body = response?.data as IncomingMessage | undefined;
    if (body) body.once('close', count);
    else count();
  };
}

function settle(response: AxiosResponse): AxiosResponse {
  response.config.ehr?.grant?.settle({ madeConnection: madeConnection(response) });
  return response;
}

/** Everything that a request to an EHR needs besides its URL. */
export interface EhrRequest {
  readonly connection: Connection;
  readonly budget: RateBudget;
  /** Where it may go, each of its redirects too. */
  readonly egress: EgressRules;
  readonly priority: RequestPriority;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** What its answer has to be. */
  readonly answer: AnswerRules;
  /** Tries besides the first, for requests that may be repeated without harm. */
  readonly retries: number;
  /** Ends the waiting for the limiter, and the request unless it is `keptOnceSent`. */
  readonly signal?: AbortSignal | undefined;
  /** Its answer is waited for whatever happens: cutting it would lose what the server has begun. */
  readonly keptOnceSent?: boolean;
  /** Called when the request goes out, before anything of it has. */
  readonly onSend?: () => void;
}
