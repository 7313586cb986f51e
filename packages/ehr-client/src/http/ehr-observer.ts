import type { Socket } from 'node:net';
import type { RequestPriority } from '@bulkhead/rate-limiter';
import type { Tracing } from '@bulkhead/runtime';
import { AxiosError, type AxiosResponse } from 'axios';
import type { LimitHeaders } from '../answers/limit-headers.ts';

/** A request's priority says what it is for; those for tokens have a budget of their own. */
type RequestKind = RequestPriority | 'token';

/** `renewed`: had, for whatever reason it was asked for. */
export type TokenOutcome = 'renewed' | 'refused' | 'authorization-needed' | 'unavailable';

/** One try of a request. */
export interface EndedRequest extends LimitHeaders {
  readonly provider: string;
  readonly kind: RequestKind;
  readonly method: string;
  /** With the port. The path and the query are left out, since they hold ids of patients. */
  readonly host: string;
  /** undefined: no answer came; `cancelled`: we have stopped waiting for it. */
  readonly status: number | 'cancelled' | undefined;
  /** Why no answer came: a code of Node.js, of axios or of ours. */
  readonly code?: string;
  /** From the limiter's grant to the answer's headers, or its end where it is read as a whole. */
  readonly durationMs: number;
  /** How long it waited for the limiter before. */
  readonly waitMs: number;
}

/** Told what happens on the way to EHRs. Nothing in it names a connection, a client or a patient, or is text of an EHR. */
export interface EhrObserver {
  requestEnded(request: EndedRequest): void;
  /** As they came, compressed and with their headers. */
  bytesReceived(received: { readonly provider: string; readonly kind: RequestKind; readonly bytes: number }): void;
  limiterWaited(wait: { readonly kind: RequestKind; readonly waitMs: number }): void;
  /** An EHR has asked all who share a budget to wait: by an answer's status, or by saying that nothing remains. */
  limiterPaused(pause: { readonly budget: string; readonly status: number | 'used-up' }): void;
  tokenAsked(token: { readonly provider: string; readonly outcome: TokenOutcome }): void;
}

/** Of a request, what may be told of its address. */
export function addressOf({
  method = 'GET',
  url = '',
}: {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
}) {
  return { method: method.toUpperCase(), host: URL.canParse(url) ? new URL(url).host : '' };
}

/** Codes are words of a closed set; a message may quote what came. */
const codePattern = /^[\w-]{1,60}$/;

export function failureOf(error: unknown): Pick<EndedRequest, 'code'> {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' && codePattern.test(code) ? { code } : {};
}

const nothing = () => undefined;

/** For whoever does not want to know. */
export const silentObserver: EhrObserver = {
  requestEnded: nothing,
  bytesReceived: nothing,
  limiterWaited: nothing,
  limiterPaused: nothing,
  tokenAsked: nothing,
};

/**
 * A span for a request: from its wait for the limiter, over its tries, to its answer; a stream goes on after that. Of the address
 * only the host is told, since paths have ids of patients; and the EHR is told of no trace.
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
    const tell = (response: AxiosResponse | undefined) => {
      if (response) span.set({ 'http.response.status_code': response.status });
    };
    try {
      const response = await send();
      tell(response);
      return response;
    } catch (error) {
      if (error instanceof AxiosError) tell(error.response);
      throw error;
    }
  });
}

/** Whether the request waited for a connection of its own, see `Grant.settle`. */
export function madeConnection({ request }: AxiosResponse): boolean {
  return request?.reusedSocket === false;
}

/**
 * What came in since the last look, by socket: requests follow each other on one. The streams themselves are not touched,
 * so a file of gigabytes costs two looks.
 */
export function createReceivedBytes(): (socket: Socket | null | undefined) => number {
  const seen = new WeakMap<Socket, number>();
  return (socket) => {
    if (!socket) return 0;
    const { bytesRead } = socket;
    const bytes = bytesRead - (seen.get(socket) ?? 0);
    seen.set(socket, bytesRead);
    return bytes;
  };
}
