import { expect, test } from '@jest/globals';
import { emptySyncForm, toSyncRequest } from './sync-form.ts';

test('lists that name nothing are left out, and types of a set that is not wanted', () => {
  const form = { ...emptySyncForm, connectionId: 'c' };
  const all = { connectionId: 'c', includeStandard: true, includeEnhanced: true };
  expect(toSyncRequest(form)).toEqual(all);
  const some = { ...form, resourceTypes: ['CarePlan'], patients: ['p'] };
  expect(toSyncRequest(some)).toEqual({ ...all, resourceTypes: ['CarePlan'], patients: ['p'] });
  expect(toSyncRequest({ ...some, includeEnhanced: false })).toEqual({
    ...all,
    includeEnhanced: false,
    patients: ['p'],
  });
});
