import { expect, jest, test } from '@jest/globals';
import { createLogger } from './logger.ts';
import { RecurringErrorLog } from './recurring-error-log.ts';

test('an error that recurs is logged at once, and then once per interval with its number', () => {
  jest.useFakeTimers();
  try {
    const lines: string[] = [];
    const logger = createLogger({ name: 'test', destination: { write: (line) => lines.push(line) } });
    const log = new RecurringErrorLog(logger, 1000);
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    const full = Object.assign(new Error('OOM command not allowed'), { name: 'ReplyError' });
    for (let tenth = 0; tenth < 20; tenth++) {
      log.warn('redis failed', { error: refused });
      if (tenth < 2) log.warn('redis failed', { error: full });
      if (tenth < 2) log.warn('redis failed', { error: refused, queue: 'sync' });
      jest.advanceTimersByTime(100);
    }
    const shown = lines.map((line) => JSON.parse(line)).map(({ error, queue, count }) => [error.code, queue, count]);
    expect(shown).toEqual([
      ['ECONNREFUSED', undefined, 1],
      ['OOM', undefined, 1],
      ['ECONNREFUSED', 'sync', 1],
      ['ECONNREFUSED', undefined, 10],
    ]);
  } finally {
    jest.useRealTimers();
  }
});
