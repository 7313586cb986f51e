import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';

test('docs/add-an-endpoint.md shows an endpoint of the file that it names as it is', () => {
  const page = readFileSync(new URL('../../../../docs/add-an-endpoint.md', import.meta.url), 'utf8');
  const file = readFileSync(new URL('schedules/schedule.endpoints.ts', import.meta.url), 'utf8');
  const [, shown] = /```ts\n(const .*?)```/s.exec(page) ?? [];
  expect(file).toContain(shown);
});
