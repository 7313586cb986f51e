import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { whileWaiting } from '@bulkhead/base';
import type { EgressRules } from '@bulkhead/base/egress';
import { drain, endIfSilent, failureOf } from '@bulkhead/base/egress';
import axios, { type AxiosError, type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import axiosRetry, { exponentialDelay, isNetworkError } from 'axios-retry';
import type { EhrConnection } from '../../providers/index.ts';
import type { Grant, RateBudget, RateLimiter, RequestPriority } from '../../rate-limiter/index.ts';
import { type AnswerRules, retryAfterOf } from '../answers/answer-rules.ts';
import { limitHeadersOf } from '../answers/limit-headers.ts';
import { addressOf, createReceivedBytes, type EhrObserver, madeConnection } from './ehr-observer.ts';

declare module 'axios' {
  interface AxiosRequestConfig {
    /** The data for the interceptors. Every request of this client has it. */
    ehr?: Pick<EhrRequest, 'budget' | 'priority' | 'signal' | 'onSend'> & {
      readonly provider: string;
      grant?: Grant;
      waitMs?: number;
      sentAt?: number;
    };
  }
}

/** A connection without data is closed after this time. Some servers need up to a minute to compute a status. */
const defaultIdleTimeoutMs = 90_000;
/** A longer wait goes back to the queue with the job, instead of blocking a request. */
const longestRetryWaitMs = 10_000;

export interface Watched {
  readonly limiter: RateLimiter;
  readonly observer: EhrObserver;
}

/** Sends requests within their budget, retries them if that helps, and reports each attempt. */
export function createEhrAxios(options: Watched & { readonly idleTimeoutMs?: number | undefined }): AxiosInstance {
  const { limiter, observer, idleTimeoutMs = defaultIdleTimeoutMs } = options;
  const http = axios.create({
    timeout: idleTimeoutMs,
    maxRedirects: 0,
    validateStatus: (status) => status < 400,
  });
  const report = createReporter(observer);
  const accept = (response: AxiosResponse<IncomingMessage>): AxiosResponse => {
    endIfSilent(response.data, idleTimeoutMs);
    return settle(response);
  };
  // Runs before axios-retry's interceptor, so that every attempt is settled. An attempt without an answer may still arrive.
  http.interceptors.response.use(
    (response) => {
      report(response.config, response);
      return accept(response);
    },
    (error: AxiosError) => {
      report(error.config, error.response, error);
      if (error.response) accept(error.response as AxiosResponse<IncomingMessage>);
      throw error;
    },
  );
  axiosRetry(http, {
    retryDelay: (count, error) => retryAfterOf(error.response) ?? exponentialDelay(count),
    retryCondition: (error) =>
      isNetworkError(error) ||
      ((error.response?.status ?? 0) >= 500 && (retryAfterOf(error.response) ?? 0) <= longestRetryWaitMs),
    // Otherwise the time spent waiting for the limiter counts towards the timeout, and a retry is dropped silently.
    shouldResetTimeout: true,
    // Every body is a stream. A body that is not read would keep its connection.
    onRetry: (_count, error) => drain(error.response?.data as IncomingMessage | undefined),
  });
  http.interceptors.request.use(async (config) => {
    const { ehr } = config;
    if (!ehr) return config;
    const requestedAt = performance.now();
    ehr.grant = await whileWaiting(() => limiter.acquire(ehr));
    ehr.waitMs = performance.now() - requestedAt;
    observer.limiterWaited({ kind: ehr.priority, waitMs: ehr.waitMs });
    ehr.sentAt = performance.now();
    ehr.onSend?.();
    return config;
  });
  return http;
}

/** Reports each attempt when its headers arrive or it fails, and the received bytes when its body has ended. */
function createReporter(observer: EhrObserver) {
  const receivedOn = createReceivedBytes();
  return (config: AxiosRequestConfig | undefined, response: AxiosResponse | undefined, error?: AxiosError): void => {
    const { provider, priority: kind, sentAt, waitMs = 0 } = config?.ehr ?? {};
    // Requests that the limiter or the guard rejected were never sent.
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

/** The parts of a request to an EHR. */
export interface EhrRequest {
  readonly connection: EhrConnection;
  readonly budget: RateBudget;
  /** The allowed targets of the request and of its redirects. */
  readonly egress: EgressRules;
  /** The origins between which a redirect keeps the token. By default it is lost at every other origin. */
  readonly trusted?: ReadonlySet<string>;
  readonly priority: RequestPriority;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** The form that the answer must have. */
  readonly answer: AnswerRules;
  /** The number of retries, for requests that can be repeated without harm. */
  readonly retries: number;
  /** How long the server may take until it answers. The default is 90 s. */
  readonly timeoutMs?: number;
  /** Aborts the wait for the limiter, and the request unless it is `keptOnceSent`. */
  readonly signal?: AbortSignal | undefined;
  /** A sent request is never aborted, because that would lose what the server has started. */
  readonly keptOnceSent?: boolean;
  /** Called just before the request is sent. */
  readonly onSend?: () => void;
  /** Called with the head of the response, whatever its status is. */
  readonly onHead?: (head: Pick<AxiosResponse, 'status' | 'headers'>) => void;
}
