import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

test('the example in docs/add-an-endpoint.md is the file that it names', () => {
  const page = readFileSync(new URL('../../../../docs/add-an-endpoint.md', import.meta.url), 'utf8');
  const file = readFileSync(new URL('schedules/change-schedule.endpoint.ts', import.meta.url), 'utf8');
  expect(/```ts\n(.*?)```/s.exec(page)?.[1]).toBe(file);
});
