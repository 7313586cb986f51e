import type { RequestPriority } from './request-priority.ts';

/** A request's priority says what it is for; those for tokens have a budget of their own. */
export type RequestKind = RequestPriority | 'token';

/** `renewed`: had, for whatever reason it was asked for. */
export type TokenOutcome = 'renewed' | 'refused' | 'authorization-needed' | 'unavailable';

/** Told what happens on the way to EHRs. Nothing in it names a connection, a client, a patient or an address. */
export interface EhrObserver {
  /** Each try. @param request.status undefined: no answer came; `cancelled`: we have stopped waiting for it. */
  requestEnded(request: {
    readonly provider: string;
    readonly kind: RequestKind;
    readonly status: number | 'cancelled' | undefined;
    /** From the limiter's grant to the answer's headers, or its end where it is read as a whole. */
    readonly durationMs: number;
  }): void;
  /** As they came, compressed and with their headers. */
  bytesReceived(received: { readonly provider: string; readonly kind: RequestKind; readonly bytes: number }): void;
  limiterWaited(wait: { readonly kind: RequestKind; readonly waitMs: number }): void;
  /** An EHR has asked all who share a budget to wait: by an answer's status, or by saying that nothing remains. */
  limiterPaused(pause: { readonly budget: string; readonly status: number | 'used-up' }): void;
  tokenAsked(token: { readonly provider: string; readonly outcome: TokenOutcome }): void;
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
