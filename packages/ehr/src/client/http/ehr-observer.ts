import type { Socket } from 'node:net';
import type { Tracing } from '@bulkhead/base';
import { AxiosError, type AxiosResponse } from 'axios';
import type { RequestPriority } from '../../rate-limiter/index.ts';
import type { LimitHeaders } from '../answers/limit-headers.ts';

/** The priority of a request says what it is for. Requests for tokens have their own budget. */
type RequestKind = RequestPriority | 'token';

/** `renewed` means that a token was issued, for whatever reason it was requested. */
export type TokenOutcome = 'renewed' | 'refused' | 'authorization-needed' | 'unavailable';

/** One attempt of a request. */
export interface EndedRequest extends LimitHeaders {
  readonly provider: string;
  readonly kind: RequestKind;
  readonly method: string;
  /** The host with its port. The path and the query are left out, because they contain patient ids. */
  readonly host: string;
  /** Undefined if there was no answer, and `cancelled` if this process stopped waiting for it. */
  readonly status: number | 'cancelled' | undefined;
  /** Why there was no answer: a code of Node.js, axios or Bulkhead. */
  readonly code?: string;
  /** From the grant of the limiter to the headers of the answer, or to the end of an answer that is read as a whole. */
  readonly durationMs: number;
  /** How long the request waited for the limiter before. */
  readonly waitMs: number;
}

/** Is notified of requests to EHRs. No event names a connection, a client or a patient, or contains text of an EHR. */
export interface EhrObserver {
  requestEnded(request: EndedRequest): void;
  /** Bytes as transferred: compressed, and with headers. */
  bytesReceived(received: { readonly provider: string; readonly kind: RequestKind; readonly bytes: number }): void;
  limiterWaited(wait: { readonly kind: RequestKind; readonly waitMs: number }): void;
  /** An EHR asked all users of a budget to wait, by the status of an answer or by reporting that no requests remain. */
  limiterPaused(pause: { readonly budget: string; readonly status: number | 'used-up' }): void;
  tokenRequested(token: {
    readonly provider: string;
    readonly outcome: TokenOutcome;
    /** The response had no token type, and the token is used as a Bearer token. */
    readonly isUntyped?: true;
  }): void;
}

/** The parts of a request's URL that may be reported. */
export function addressOf(options: { readonly method?: string | undefined; readonly url?: string | undefined }) {
  const { method = 'GET', url = '' } = options;
  return { method: method.toUpperCase(), host: URL.canParse(url) ? new URL(url).host : '' };
}

const nothing = () => undefined;

/** Ignores all events. */
export const silentObserver: EhrObserver = {
  requestEnded: nothing,
  bytesReceived: nothing,
  limiterWaited: nothing,
  limiterPaused: nothing,
  tokenRequested: nothing,
};

/**
 * Traces a request in a span, from its wait for the limiter over its attempts to its answer. The body of a stream is read after the
 * span. Only the host of the URL is recorded, because paths contain patient ids. No trace id is sent to the EHR.
 */
export function traceRequest<Data>(options: {
  readonly tracing: Tracing;
  readonly provider: string;
  readonly kind: RequestKind;
  readonly method: string;
  readonly url: string;
  readonly send: () => Promise<AxiosResponse<Data>>;
}): Promise<AxiosResponse<Data>> {
  const { tracing, provider, kind, method, url, send } = options;
  if (!tracing.isOn) return send();
  const attributes = {
    'http.request.method': method,
    'server.address': new URL(url).hostname,
    'bulkhead.provider': provider,
    'bulkhead.kind': kind,
  };
  return tracing.span({ name: `EHR ${kind}`, kind: 'client', attributes }, async (span) => {
    const setStatus = (response: AxiosResponse | undefined) => {
      if (response) span.set({ 'http.response.status_code': response.status });
    };
    try {
      const response = await send();
      setStatus(response);
      return response;
    } catch (error) {
      if (error instanceof AxiosError) setStatus(error.response);
      throw error;
    }
  });
}

/** Whether the request had to open a connection, see `Grant.settle`. */
export function madeConnection({ request }: AxiosResponse): boolean {
  return request?.reusedSocket === false;
}

/**
 * Counts the bytes that a socket received since the previous call for it. Requests follow each other on a socket. The streams
 * themselves are not touched, so a file of gigabytes costs two reads of a counter.
 */
export function createReceivedBytes(): (socket: Socket | null | undefined) => number {
  const bytesBySocket = new WeakMap<Socket, number>();
  return (socket) => {
    if (!socket) return 0;
    const { bytesRead } = socket;
    const bytes = bytesRead - (bytesBySocket.get(socket) ?? 0);
    bytesBySocket.set(socket, bytesRead);
    return bytes;
  };
}
