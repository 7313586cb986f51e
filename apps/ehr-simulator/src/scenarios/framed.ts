import { matches } from './matches.ts';
import type { ScenarioOrder } from './scenario.ts';

export interface FramedInput {
  readonly as: 'content-length' | 'chunked' | 'close';
  readonly gzip?: boolean;
}

/** The Patient file in one framing, whatever the client could read. */
export function framed(framing: FramedInput): ScenarioOrder {
  return { match: matches.patients, fault: { kind: 'framing', ...framing }, times: 'always' };
}
