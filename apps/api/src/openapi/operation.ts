import type { z } from 'zod';
import type { httpStatus } from '../http-status.ts';

export type ErrorCode = keyof typeof httpStatus;

/** An answer to a request that succeeds. */
export interface Answer {
  readonly description: string;
  /** Left out: an empty body, or one of `contentType` that is not described further. */
  readonly schema?: z.ZodType;
  /** Default: `application/json`. */
  readonly contentType?: string;
  readonly example?: unknown;
}

/** One route of the API as its document describes it; `routes-are-documented.test.ts` holds it against the router. */
export interface Operation {
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As Express has it: `/api/ehr/:provider/bulk-export`. */
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly description?: string;
  /** Who may call it; default: every key. */
  readonly access?: 'operator' | 'anyone';
  /** Browsers come here: who asks for HTML gets a page. */
  readonly isPage?: boolean;
  readonly query?: z.ZodObject;
  readonly headers?: z.ZodObject;
  readonly body?: {
    readonly schema?: z.ZodType;
    readonly example?: unknown;
    readonly contentType?: string;
    readonly isOptional?: boolean;
  };
  /** By status. */
  readonly answers: Readonly<Record<number, Answer>>;
  /** Codes of its own; those that every route can answer are added. */
  readonly errors: readonly ErrorCode[];
}

/** Operations that belong together in the document. */
export interface OperationGroup {
  readonly name: string;
  readonly description: string;
  readonly operations: readonly Operation[];
}
