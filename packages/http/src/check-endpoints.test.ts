import { expect, test } from '@jest/globals';
import { defineActions } from './actions.ts';
import { checkEndpoints, defineEndpoint } from './define-endpoint.ts';

const things = defineActions('thing', { read: { keys: 'client', people: 'viewer' } });
const first = defineEndpoint({
  id: 'getThing',
  route: 'GET /api/ehr/things/:id',
  action: things.read,
  summary: 'A thing',
  description: 'Returns a thing.',
  responses: { 204: { description: 'Nothing' } },
  errors: [],
  handler: () => ({}),
});
const second = { ...first, id: 'listThings', path: '/api/ehr/things' };

test('checkEndpoints accepts different endpoints, even if they share an action', () => {
  expect(checkEndpoints([first, second])).toEqual([first, second]);
});

test.each([
  { what: 'the same id', changed: { id: 'getThing' }, message: 'id getThing' },
  { what: 'the same method and path', changed: { path: first.path }, message: 'address GET /api/ehr/things/:' },
  {
    what: 'a path that differs in the name of a parameter',
    changed: { path: '/api/ehr/things/:name' },
    message: 'GET',
  },
])('checkEndpoints refuses two endpoints with $what', ({ changed, message }) => {
  expect(() => checkEndpoints([first, { ...second, ...changed }])).toThrow(message);
});

test('checkEndpoints refuses two actions with the same name, whose rules could differ', () => {
  const { read } = defineActions('thing', { read: { keys: 'client', people: 'admin' } });
  expect(() => checkEndpoints([first, { ...second, action: read }])).toThrow('Two actions have the name thing.read');
});
