import { expect, test } from '@jest/globals';
import { emptyExportForm, toExportRequest } from './export-form.ts';

const empty = { ...emptyExportForm, connectionId: 'c' };

test.each([
  { name: 'nothing but a connection', form: empty, request: { connectionId: 'c', exportType: 'Patient' } },
  {
    name: 'everything',
    form: {
      ...empty,
      resourceTypes: ['Patient'],
      since: 'instant',
      instant: '2026-01-01T00:00:00Z',
      typeFilters: ['A?b=c'],
    },
    request: {
      connectionId: 'c',
      exportType: 'Patient',
      resourceTypes: ['Patient'],
      since: '2026-01-01T00:00:00.000Z',
      typeFilters: ['A?b=c'],
    },
  },
  {
    name: 'since the last export',
    form: { ...empty, since: 'last', instant: '2026-01-01T00:00:00Z' },
    request: { connectionId: 'c', exportType: 'Patient', since: 'last' },
  },
] as const)('a form with $name becomes the API’s request', ({ form, request }) => {
  expect(toExportRequest(form)).toEqual(request);
});
