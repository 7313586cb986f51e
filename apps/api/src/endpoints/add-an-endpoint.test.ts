import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

test('docs/add-an-endpoint.md shows the current content of the file that it names', () => {
  const page = readFileSync(new URL('../../../../docs/add-an-endpoint.md', import.meta.url), 'utf8');
  const file = readFileSync(new URL('schedules/change-schedule.endpoint.ts', import.meta.url), 'utf8');
  expect(/```ts\n(.*?)```/s.exec(page)?.[1]).toBe(file);
});
