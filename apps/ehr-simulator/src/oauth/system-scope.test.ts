import { expect, test } from '@jest/globals';
import { systemScope } from './system-scope.ts';

test.each([
  { requested: 'system/*.read', granted: 'system/*.read' },
  { requested: 'system/*.*', granted: 'system/*.read' },
  { requested: 'system/Patient.cruds system/Goal.r', granted: 'system/Patient.rs system/Goal.r' },
  { requested: 'system/Patient.rs?category=x', granted: 'system/Patient.rs?category=x' },
])('the simulator grants $granted for the scope $requested', ({ requested, granted }) => {
  expect(systemScope(requested)).toBe(granted);
});

test.each([
  undefined,
  '',
  '  ',
  'launch fhirUser',
  'patient/*.read',
  'system/Patient.write',
  'system/Patient.cud',
  'system/Patient.xyz',
  'system/Nonsense.read',
  'https://ehr.example/.default',
  'system/Patient.read system/Nonsense.read',
  'system/Patient.read system/Patient.write',
])('the simulator refuses the scope %s as invalid', (requested) => {
  expect(() => systemScope(requested)).toThrow(expect.objectContaining({ code: 'invalid_scope' }));
});

test.each([
  { requested: 'system/Patient.read', registration: { scopeVersion: 'v2' } },
  { requested: 'system/Patient.rs system/Condition.read', registration: { scopeVersion: 'v2' } },
  { requested: 'system/Patient.rs', registration: { scopeVersion: 'v1' } },
  { requested: 'system/*.rs', registration: { wildcardScopes: false } },
  { requested: 'system/Patient.rs', registration: { registeredTypes: [] } },
  { requested: 'system/Patient.rs', registration: { registeredTypes: ['Condition'] } },
  { requested: 'system/Patient.rs system/Condition.rs', registration: { registeredTypes: ['Condition'] } },
] as const)('the simulator refuses $requested to an application with $registration', ({ requested, registration }) => {
  expect(() => systemScope(requested, registration as Parameters<typeof systemScope>[1])).toThrow(
    expect.objectContaining({ code: 'access_denied', message: expect.stringMatching(/^Policy evaluation failed/) }),
  );
});

test('the simulator grants listed scopes of the version of the registration', () => {
  const registration = { scopeVersion: 'v2', wildcardScopes: false } as const;
  expect(systemScope('system/Patient.rs system/Condition.rs', registration)).toBe(
    'system/Patient.rs system/Condition.rs',
  );
});

test('the simulator grants a part of the scopes on order', () => {
  const registration = { registeredTypes: ['Condition'], grantsPart: true };
  const requested = 'system/Patient.rs system/Condition.rs system/Nonsense.rs';
  expect(systemScope(requested, registration)).toBe('system/Condition.rs');
});
