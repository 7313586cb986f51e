import { expect, test } from '@jest/globals';
import { scopeCovers } from './scopes.ts';

test.each([
  { scope: 'system/*.read', covers: true },
  { scope: 'system/*.*', covers: true },
  { scope: 'launch/patient openid user/Condition.read', covers: true },
  { scope: 'system/Condition.rs', covers: true },
  { scope: 'system/Condition.cruds?category=problem', covers: true },
  { scope: 'system/Patient.read system/Observation.rs', covers: false },
  { scope: 'system/Condition.r', covers: false },
  { scope: 'system/Condition.s', covers: false },
  { scope: 'system/Condition.write', covers: false },
  { scope: 'system/Condition.cud', covers: false },
  { scope: '', covers: false },
])('scopeCovers returns $covers for Condition and the scope "$scope"', ({ scope, covers }) => {
  expect(scopeCovers({ scope, resourceType: 'Condition' })).toBe(covers);
});
