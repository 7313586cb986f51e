import { expect, test } from '@jest/globals';
import { isSubsetted } from './resource.ts';

const subsetted = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };

test.each([
  { meta: { tag: [subsetted] }, is: true },
  { meta: { tag: [null, { code: 'ACTIVE' }, subsetted] }, is: true },
  { meta: { tag: [{ code: 'ACTIVE' }] }, is: false },
  { meta: { tag: [null] }, is: false },
  { meta: { tag: [] }, is: false },
  { meta: { tag: subsetted }, is: false },
  { meta: {}, is: false },
  { meta: undefined, is: false },
])('isSubsetted returns $is for the meta $meta', ({ meta, is }) => {
  const resource = { resourceType: 'Patient', id: 'p1', ...(meta && { meta }) };
  expect(isSubsetted(resource as Parameters<typeof isSubsetted>[0])).toBe(is);
});
