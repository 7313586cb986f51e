import { describe, expect, test } from '@jest/globals';
import { extractSearchKeys } from './search-keys.ts';

describe('extractSearchKeys', () => {
  test('an Observation', () => {
    expect(
      extractSearchKeys({
        resourceType: 'Observation',
        id: 'o1',
        status: 'final',
        category: [{ coding: [{ system: 'http://cat', code: 'vital-signs' }] }],
        code: { coding: [{ system: 'http://loinc.org', code: '8302-2' }] },
        subject: { reference: 'https://ehr.example/fhir/r4/Patient/p1' },
        encounter: { reference: 'Encounter/e1/_history/2' },
        effectiveDateTime: '2024-01-15',
      }),
    ).toEqual({
      patient: 'p1',
      encounter: 'e1',
      status: 'final',
      category: ['vital-signs', 'http://cat|vital-signs'],
      code: ['8302-2', 'http://loinc.org|8302-2'],
      date: '2024-01-15',
    });
  });

  test('an Appointment names its patient among the participants', () => {
    const participant = [{ actor: { reference: 'Practitioner/x' } }, { actor: { reference: 'Patient/p2' } }];
    expect(
      extractSearchKeys({ resourceType: 'Appointment', id: 'a', participant, start: '2024-01-01T10:00:00Z' }),
    ).toEqual({
      patient: 'p2',
      date: '2024-01-01T10:00:00Z',
    });
  });

  test('malformed elements are passed over', () => {
    expect(
      extractSearchKeys({
        resourceType: 'Observation',
        id: 'o',
        subject: 'p',
        category: [null],
        code: 3,
        period: null,
      }),
    ).toEqual({});
  });

  test('a Patient is its own patient; a Group reference is none', () => {
    expect(extractSearchKeys({ resourceType: 'Patient', id: 'p' }).patient).toBe('p');
    expect(extractSearchKeys({ resourceType: 'CarePlan', id: 'c', subject: { reference: 'Group/g' } })).toEqual({});
  });
});
