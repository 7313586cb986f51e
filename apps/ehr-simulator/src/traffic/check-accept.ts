import type { Request } from 'express';
import { OutcomeError } from '../http/outcome.ts';
import type { Simulator } from '../simulator.ts';

export interface CheckAcceptInput {
  readonly simulator: Simulator;
  readonly req: Request;
  readonly mediaType: string;
  readonly what: 'kick-off' | 'status' | 'file';
  readonly enforce: boolean;
}

/**
 * Records a violation unless the Accept header is exactly `mediaType`, because bulk data servers compare it literally.
 * @throws OutcomeError 406 if `enforce` is set.
 */
export function checkAccept({ simulator, req, mediaType, what, enforce }: CheckAcceptInput): void {
  if (req.get('accept') === mediaType) return;
  simulator.traffic.recordViolation({ req, kind: 'headers', reason: `${what} without Accept: ${mediaType}` });
  if (!enforce) return;
  throw new OutcomeError({ status: 406, code: 'not-supported', text: `The Accept header must be ${mediaType}.` });
}
