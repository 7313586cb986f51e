import { expect, test } from '@jest/globals';
import { emptySyncForm, toSyncRequest } from './sync-form.ts';

test('a request leaves out empty lists and the types of a deselected set', () => {
  const form = { ...emptySyncForm, connectionId: 'c' };
  const all = {
    connectionId: 'c',
    includeStandard: true,
    includeEnhanced: true,
    includeOthers: true,
    includeAppointments: false,
    includeReferences: false,
  };
  expect(toSyncRequest(form)).toEqual(all);
  const some = { ...form, resourceTypes: ['CarePlan'], patients: ['p'] };
  expect(toSyncRequest(some)).toEqual({ ...all, resourceTypes: ['CarePlan'], patients: ['p'] });
  expect(toSyncRequest({ ...some, includeEnhanced: false })).toEqual({
    ...all,
    includeEnhanced: false,
    patients: ['p'],
  });
});
