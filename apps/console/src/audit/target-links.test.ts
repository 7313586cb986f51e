import { expect, test } from '@jest/globals';
import { targetLinks } from './target-links.ts';

const of = (action: string, target: Record<string, string>) => targetLinks({ action, target }).map(({ to }) => to);

test.each([
  { action: 'connection.test', target: { id: 'c1' }, to: ['/connections/c1'] },
  { action: 'patient.erase', target: { id: 'c1', patientId: 'p' }, to: ['/connections/c1', undefined] },
  {
    action: 'export.cancel',
    target: { provider: 'athenahealth', jobId: 'j1', connectionId: 'c1' },
    to: [undefined, '/exports/j1', '/connections/c1'],
  },
  { action: 'sync.retry', target: { provider: 'athenahealth', id: 's1' }, to: [undefined, '/syncs/s1'] },
  { action: 'signing-key.retire', target: { kid: 'k' }, to: ['/signing-keys'] },
  { action: 'client.revoke', target: { id: 'client_1' }, to: ['/clients'] },
  { action: 'webhook.set', target: { id: 'c1' }, to: ['/webhooks?connectionId=c1'] },
  {
    action: 'document.read',
    target: { id: 'd1', connectionId: 'c1' },
    to: ['/documents?connectionId=c1', '/connections/c1'],
  },
  {
    action: 'resource.read',
    target: { type: 'Goal', id: 'g1', connectionId: 'c1' },
    to: [undefined, '/resources?connectionId=c1&type=Goal&id=g1', '/connections/c1'],
  },
  { action: 'queue.change', target: { queue: 'q' }, to: [undefined] },
  { action: 'constructor.id', target: { id: 'x' }, to: [undefined] },
])('the event $action links to the pages of what it names', ({ action, target, to }) => {
  expect(of(action, target as unknown as Record<string, string>)).toEqual(to);
});

test('an id cannot leave its place in the path', () => {
  expect(of('connection.read', { id: '../audit?x' })).toEqual(['/connections/..%2Faudit%3Fx']);
});
