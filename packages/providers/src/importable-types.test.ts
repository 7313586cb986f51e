import { expect, test } from '@jest/globals';
import { isImported, whyNotExported } from './importable-types.ts';
import { createProviderRegistry } from './provider-registry.ts';

const athenahealth = createProviderRegistry({}).get('athenahealth');

test.each([
  ['Appointment', 'athenahealth does not export appointments. It cannot be imported.'],
  ['Coverage', 'athenahealth does not export Coverage. It cannot be imported.'],
])(
  'a bulk export of athenahealth has no %s, and the reason says that it cannot be imported',
  (resourceType, reason) => {
    expect(whyNotExported({ provider: athenahealth, resourceType })).toBe(reason);
    expect(isImported({ provider: athenahealth, resourceType })).toBe(false);
  },
);

test.each(['CarePlan', 'DiagnosticReport', 'Patient', 'constructor'])(
  'a bulk export may contain %s',
  (resourceType) => {
    expect(whyNotExported({ provider: athenahealth, resourceType })).toBeUndefined();
  },
);

test('the reason names a sync if that can search for the type', () => {
  const provider = { notExported: { CarePlan: 'the server exports no plans' } };
  expect(whyNotExported({ provider, resourceType: 'CarePlan' })).toBe(
    'the server exports no plans. Start an enhanced sync, which searches for it by patient.',
  );
  expect(isImported({ provider, resourceType: 'CarePlan' })).toBe(true);
});
