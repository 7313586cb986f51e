import type { Connection } from '@bulkhead/providers';
import type { RateBudget, RequestPriority } from '@bulkhead/rate-limiter';
import type { AnswerRules } from './answer-rules.ts';
import type { EgressRules } from './egress-guard.ts';

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
