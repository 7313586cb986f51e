import { expect, test } from '@jest/globals';
import { localPath } from './local-path.ts';

test.each(['/', '/admin/queues', '/admin/queues/queue/sync?status=failed&page=2'])('localPath accepts %s', (path) => {
  expect(localPath(path)).toBe(path);
});

test.each([
  'https://evil.example/',
  '//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '/\t/evil.example',
  '/.//evil.example',
  '/x/..//evil.example',
  'javascript:alert(1)',
  ' /admin',
  '',
  ['/admin'],
  undefined,
])('localPath refuses %j', (address) => {
  expect(localPath(address)).toBeUndefined();
});
