import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseExact } from './exact-number.ts';
import type { Resource } from './resource.ts';
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
      dateStart: new Date('2024-01-15T00:00:00.000Z'),
      dateEnd: new Date('2024-01-15T23:59:59.999Z'),
      tokens: [
        'status=final',
        'category=vital-signs',
        'category=http://cat|vital-signs',
        'code=8302-2',
        'code=http://loinc.org|8302-2',
      ],
    });
  });

  test('an Appointment names its patient among the participants', () => {
    const participant = [{ actor: { reference: 'Practitioner/x' } }, { actor: { reference: 'Patient/p2' } }];
    expect(
      extractSearchKeys({ resourceType: 'Appointment', id: 'a', participant, start: '2024-01-01T10:00:00Z' }),
    ).toEqual({
      patient: 'p2',
      date: '2024-01-01T10:00:00Z',
      dateStart: new Date('2024-01-01T10:00:00.000Z'),
      dateEnd: new Date('2024-01-01T10:00:00.999Z'),
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

  test.each([
    {
      what: 'both ends',
      period: { start: '2024-01', end: '2024-02-01' },
      from: '2024-01-01T00:00:00.000Z',
      to: '2024-02-01T23:59:59.999Z',
    },
    { what: 'no end', period: { start: '2024' }, from: '2024-01-01T00:00:00.000Z', to: '9999-12-31T23:59:59.999Z' },
    { what: 'no start', period: { end: '2024' }, from: '0001-01-01T00:00:00.000Z', to: '2024-12-31T23:59:59.999Z' },
    {
      what: 'its ends swapped',
      period: { start: '2024-03-02', end: '2024-03-01' },
      from: '2024-03-01T23:59:59.999Z',
      to: '2024-03-02T00:00:00.000Z',
    },
  ])('a period with $what', ({ period, from, to }) => {
    const { dateStart, dateEnd } = extractSearchKeys({ resourceType: 'Encounter', id: 'e', period });
    expect([dateStart?.toISOString(), dateEnd?.toISOString()]).toEqual([from, to]);
  });

  test('a date that cannot be read has no instants', () => {
    expect(extractSearchKeys({ resourceType: 'Encounter', id: 'e', period: { start: 'soon', end: '2024' } })).toEqual({
      date: 'soon',
    });
    expect(extractSearchKeys({ resourceType: 'Observation', id: 'o', effectiveDateTime: '2024-02-30' })).toEqual({
      date: '2024-02-30',
    });
  });

  test('a coding without a system can be asked for as such', () => {
    const code = { coding: [{ code: 'x' }, null, { code: 3 }] };
    expect(extractSearchKeys({ resourceType: 'Observation', id: 'o', code })).toEqual({
      code: ['x'],
      tokens: ['code=x', 'code=|x'],
    });
  });

  test('of any JSON in any element: never throws', () => {
    const element = fc.constantFrom(
      ...'subject patient participant encounter status clinicalStatus category code type period start birthDate'.split(
        ' ',
      ),
    );
    const inner = fc.constantFrom(...'reference coding code system start end actor toString'.split(' '));
    const { any } = fc.letrec((tie) => ({
      any: fc.oneof({ maxDepth: 5 }, fc.jsonValue(), fc.array(tie('any')), fc.dictionary(inner, tie('any'))),
    }));
    fc.assert(
      fc.property(fc.dictionary(element, any as fc.Arbitrary<unknown>), (elements) => {
        const resource = { ...elements, resourceType: 'Observation', id: 'x' };
        extractSearchKeys(parseExact(JSON.stringify(resource)) as Resource);
      }),
    );
  });
});
