import { AppError } from '@bulkhead/domain';
import { expect, test } from '@jest/globals';
import { isFinalFailure } from './is-final-failure.ts';

const running = new AbortController().signal;
const cut = AbortSignal.abort();
const failed = (retry: AppError['retry']) => new AppError({ code: 'x', message: 'x', retry });

test.each([
  { what: 'nothing mends', error: failed('never'), isLastAttempt: false, signal: running, isFinal: true },
  { what: 'may pass', error: failed('later'), isLastAttempt: false, signal: running, isFinal: false },
  { what: 'did not pass', error: failed('later'), isLastAttempt: true, signal: running, isFinal: true },
  { what: 'nobody knows', error: new Error('x'), isLastAttempt: true, signal: running, isFinal: true },
  { what: 'asks to wait', error: failed({ afterMs: 1 }), isLastAttempt: true, signal: running, isFinal: false },
  { what: 'was cut off', error: failed('later'), isLastAttempt: true, signal: cut, isFinal: false },
])('what $what: $isFinal (last attempt: $isLastAttempt)', ({ isFinal, ...failure }) => {
  expect(isFinalFailure(failure)).toBe(isFinal);
});
