import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseExact } from '../json/exact-number.ts';
import { patientPathsOf } from '../resources/patient-compartment.ts';
import type { Resource } from '../resources/resource.ts';
import { extractSearchKeys } from './search-keys.ts';

test('extractSearchKeys reads all keys of an Observation', () => {
  expect(
    extractSearchKeys({
      resourceType: 'Observation',
      id: 'o1',
      status: 'final',
      category: [{ coding: [{ system: 'http://cat', code: 'vital-signs' }] }],
      code: { coding: [{ system: 'http://loinc.org', code: '8302-2' }] },
      subject: { reference: 'https://ehr.example/fhir/r4/Patient/p1' },
      effectiveDateTime: '2024-01-15',
    }),
  ).toEqual({
    patient: 'p1',
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

test('the labels of a restricted resource are keys, and are kept if there are too many codes', () => {
  const security = [
    { system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' },
    null,
    { code: 7 },
  ];
  const coding = Array.from({ length: 2000 }, (_, index) => ({ code: String(index) }));
  const resource = { resourceType: 'Basic', id: 'b', meta: { security }, code: { coding } };
  expect(extractSearchKeys(resource).tokens?.slice(0, 3)).toEqual([
    '_security=R',
    '_security=http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R',
    'code=0',
  ]);
});

test.each([{ meta: null }, { meta: 'x' }, { meta: { security: 'R' } }, { meta: { security: {} } }])(
  'the malformed labels of $meta are skipped',
  (element) => {
    expect(extractSearchKeys({ resourceType: 'Basic', id: 'b', ...element } as never)).toStrictEqual({});
  },
);

test('the patient of an Appointment is found among its participants', () => {
  const participant = [{ actor: { reference: 'Practitioner/x' } }, { actor: { reference: 'Patient/p2' } }];
  expect(
    extractSearchKeys({ resourceType: 'Appointment', id: 'a', participant, start: '2024-01-01T10:00:00Z' }),
  ).toStrictEqual({
    patient: 'p2',
    dateStart: new Date('2024-01-01T10:00:00.000Z'),
    dateEnd: new Date('2024-01-01T10:00:00.999Z'),
  });
});

test('malformed elements are skipped', () => {
  expect(
    extractSearchKeys({
      resourceType: 'Observation',
      id: 'o',
      subject: 'p',
      category: [null],
      code: 3,
      period: null,
    }),
  ).toStrictEqual({});
});

test('one patient is a string, and several patients are a list', () => {
  const coverage = (...ids: string[]) =>
    extractSearchKeys({
      resourceType: 'Coverage',
      id: 'c',
      payor: ids.map((id) => ({ reference: `Patient/${id}` })),
    });
  expect(coverage().patient).toBeUndefined();
  expect(coverage('a').patient).toBe('a');
  expect(coverage('a', 'b').patient).toEqual(['a', 'b']);
});

test.each([1, 15, 16, 17, 40])('each of %i codes is listed once and in order, even if all occur twice', (count) => {
  const codes = Array.from({ length: count }, (_, index) => `c${index}`);
  const code = { coding: [...codes, ...codes].map((text) => ({ code: text })) };
  const keys = extractSearchKeys({ resourceType: 'Observation', id: 'o', code });
  expect(keys.tokens).toEqual(codes.flatMap((text) => [`code=${text}`, `code=|${text}`]));
});

test('all of 17 different codes are listed', () => {
  const codes = Array.from({ length: 17 }, (_, index) => `c${index}`);
  const code = { coding: codes.map((text) => ({ code: text })) };
  const { tokens } = extractSearchKeys({ resourceType: 'Observation', id: 'o', code });
  expect(tokens).toEqual(codes.flatMap((text) => [`code=${text}`, `code=|${text}`]));
});

test('a system that is not a string is ignored', () => {
  const code = { coding: [{ code: 'x', system: 7 }] };
  expect(extractSearchKeys({ resourceType: 'Observation', id: 'o', code }).tokens).toEqual(['code=x', 'code=|x']);
});

/** The elements of R4's `patient`, by type: https://hl7.org/fhir/R4/search-parameters.json. */
const publishedPatients = readFileSync(new URL('./reference-parameters.fixture.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => line.split(' '))
  .filter(
    ([, name, , targets]) => name === 'patient' || (name === 'subject' && targets?.split(',').includes('Patient')),
  );

/** Refers to a patient by an element, and to another one by the element that a further path names. */
function refer(path: string, id: string): object {
  return path.split('.').reduceRight<object>((inner, name) => ({ [name]: inner }), { reference: `Patient/${id}` });
}

test.each(publishedPatients)('%s is found by %s only for the patient of %s', (type = '', _name, path = '') => {
  const others = patientPathsOf(type).filter((other) => other.join('.') !== path);
  for (const other of others) {
    const resource = { resourceType: type, id: 'x', ...refer(path, 'child'), ...refer(other.join('.'), 'mother') };
    const { patient, about } = extractSearchKeys(resource);
    expect([type, [patient].flat().toSorted(), about]).toEqual([type, ['child', 'mother'], ['child']]);
    const unrelated = { resourceType: type, id: 'x', ...refer(other.join('.'), 'mother') };
    expect(extractSearchKeys(unrelated)).toMatchObject({ patient: 'mother', about: [] });
  }
  const own = extractSearchKeys({ resourceType: type, id: 'x', ...refer(path, 'child') });
  expect([own.patient, own.about]).toEqual(['child', undefined]);
});

test('a Patient that is linked with another one is in the record of both, and about itself', () => {
  const linked = { resourceType: 'Patient', id: 'a', link: [{ other: { reference: 'Patient/b' } }] };
  expect(extractSearchKeys(linked)).toMatchObject({ patient: ['a', 'b'], about: ['a'] });
});

test('a Patient is its own patient, and a reference to a Group names no patient', () => {
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
])('the limits of a period with $what are read', ({ period, from, to }) => {
  const { dateStart, dateEnd } = extractSearchKeys({ resourceType: 'Encounter', id: 'e', period });
  expect([dateStart?.toISOString(), dateEnd?.toISOString()]).toEqual([from, to]);
});

test('a period whose start is not a string has no lower limit', () => {
  expect(extractSearchKeys({ resourceType: 'Encounter', id: 'e', period: { start: 3, end: '2024' } })).toStrictEqual({
    dateStart: new Date('0001-01-01T00:00:00.000Z'),
    dateEnd: new Date('2024-12-31T23:59:59.999Z'),
  });
});

test('a date that cannot be read has no limits', () => {
  expect(extractSearchKeys({ resourceType: 'Encounter', id: 'e', period: { start: 'soon', end: '2024' } })).toEqual({});
  expect(extractSearchKeys({ resourceType: 'Observation', id: 'o', effectiveDateTime: '2024-02-30' })).toEqual({});
});

test.each([
  { type: 'AllergyIntolerance', elements: { onsetDateTime: '2020', recordedDate: '2024-01-15' } },
  { type: 'AdverseEvent', elements: { recordedDate: '2020', date: '2024-01-15' } },
  { type: 'Consent', elements: { dateTime: '2024-01-15' } },
  { type: 'Schedule', elements: { planningHorizon: { start: '2024-01-15', end: '2024-01-15' } } },
  { type: 'Specimen', elements: { collection: { collectedDateTime: '2024-01-15' } } },
  { type: 'MedicationDispense', elements: { whenPrepared: '2020', whenHandedOver: '2024-01-15' } },
  { type: 'Condition', elements: { onsetAge: { value: 3 }, recordedDate: '2024-01-15' } },
  { type: 'Goal', elements: { startDate: '2024-01-15', statusDate: '2020' } },
])('the date of a $type is read from the element of its R4 search parameter', ({ type, elements }) => {
  const { dateStart, dateEnd } = extractSearchKeys({ resourceType: type, id: 'x', ...elements });
  expect([dateStart?.toISOString(), dateEnd?.toISOString()]).toEqual([
    '2024-01-15T00:00:00.000Z',
    '2024-01-15T23:59:59.999Z',
  ]);
});

test.each([
  { type: 'AllergyIntolerance', elements: { onsetDateTime: '2024' } },
  { type: 'Appointment', elements: { created: '2024' } },
  { type: 'DiagnosticReport', elements: { issued: '2024-01-15T08:00:00Z' } },
  { type: 'Observation', elements: { issued: '2024-01-15T08:00:00Z' } },
  { type: 'RiskAssessment', elements: { occurrencePeriod: { start: '2024' } } },
])('a $type without the element of its R4 search parameter has no date', ({ type, elements }) => {
  expect(extractSearchKeys({ resourceType: type, id: 'x', ...elements })).toEqual({});
});

test.each([
  {
    what: 'its events',
    timing: { event: ['2024-03-05', '2024-01-15T10:00:00Z', null], repeat: { frequency: 1 } },
    from: '2024-01-15T10:00:00.000Z',
    to: '2024-03-05T23:59:59.999Z',
  },
  {
    what: 'the bounds of its repetition',
    timing: { repeat: { boundsPeriod: { start: '2024-01-15' } } },
    from: '2024-01-15T00:00:00.000Z',
    to: '9999-12-31T23:59:59.999Z',
  },
  {
    what: 'its events without a repetition',
    timing: { event: ['2024-03-05'] },
    from: '2024-03-05T00:00:00.000Z',
    to: '2024-03-05T23:59:59.999Z',
  },
  { what: 'neither if both are missing', timing: { repeat: { frequency: 1 } }, from: undefined, to: undefined },
  {
    what: 'neither if an end is not a date',
    timing: { repeat: { boundsPeriod: { start: '2024', end: 'x' } } },
    from: undefined,
    to: undefined,
  },
])('the outer limits of a Timing are read from $what', ({ timing, from, to }) => {
  const { dateStart, dateEnd } = extractSearchKeys({ resourceType: 'Observation', id: 'o', effectiveTiming: timing });
  expect([dateStart?.toISOString(), dateEnd?.toISOString()]).toEqual([from, to]);
});

const concept = (...codes: string[]) => ({ coding: codes.map((code) => ({ code })) });

test.each([
  {
    what: 'the substances of the reactions to an allergy',
    resource: {
      resourceType: 'AllergyIntolerance',
      code: concept('a'),
      reaction: [{ substance: concept('b') }, {}, { substance: concept('c') }],
    },
    codes: ['a', 'b', 'c'],
  },
  {
    what: 'the conditions of a relative',
    resource: { resourceType: 'FamilyMemberHistory', condition: [{ code: concept('a') }, { code: concept('b') }] },
    codes: ['a', 'b'],
  },
  {
    what: 'a requested device',
    resource: { resourceType: 'DeviceRequest', codeCodeableConcept: concept('a') },
    codes: ['a'],
  },
  {
    what: 'a dispensed medication, not the type of the event',
    resource: {
      resourceType: 'MedicationDispense',
      medicationReference: { reference: 'Medication/m' },
      type: concept('a'),
    },
    codes: [],
  },
])('codes are read from $what', ({ resource, codes }) => {
  const { tokens = [] } = extractSearchKeys({ id: 'x', ...resource });
  expect(tokens).toEqual(codes.flatMap((code) => [`code=${code}`, `code=|${code}`]));
});

test('a category of the type `code` is found only by its code, because FHIR implies its system', () => {
  const { tokens } = extractSearchKeys({
    resourceType: 'AllergyIntolerance',
    id: 'a',
    category: ['food', 'medication'],
  });
  expect(tokens).toEqual(['category=food', 'category=medication']);
});

test('the status is read from every coding of a clinical status and from the life cycle of a Goal', () => {
  const condition = { resourceType: 'Condition', id: 'c', clinicalStatus: concept('active', '55561003') };
  expect(extractSearchKeys(condition)).toEqual({
    tokens: ['status=active', 'status=|active', 'status=55561003', 'status=|55561003'],
  });
  const goal = { resourceType: 'Goal', id: 'g', lifecycleStatus: 'on-hold' };
  expect(extractSearchKeys(goal)).toEqual({ tokens: ['status=on-hold'] });
});

test('a coding without a system can be searched explicitly', () => {
  const code = { coding: [{ code: 'x' }, null, { code: 3 }] };
  expect(extractSearchKeys({ resourceType: 'Observation', id: 'o', code })).toEqual({
    tokens: ['code=x', 'code=|x'],
  });
});

test('extractSearchKeys never throws for any JSON in any element', () => {
  const element = fc.constantFrom(
    ...'subject patient participant encounter status clinicalStatus category code type period start birthDate effectiveTiming condition'.split(
      ' ',
    ),
  );
  const inner = fc.constantFrom(
    ...'reference coding code system start end actor event repeat boundsPeriod toString'.split(' '),
  );
  const { any } = fc.letrec((tie) => ({
    // Many small values find more than a few with 20,000 characters, the default.
    any: fc.oneof(
      { maxDepth: 5, depthSize: 'xsmall' },
      fc.jsonValue(),
      fc.array(tie('any')),
      fc.dictionary(inner, tie('any')),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(element, any as fc.Arbitrary<unknown>), (elements) => {
      for (const resourceType of ['Observation', 'Encounter', 'Patient', 'FamilyMemberHistory']) {
        const resource = { ...elements, resourceType, id: 'x' };
        extractSearchKeys(parseExact(JSON.stringify(resource)) as Resource);
      }
    }),
    { numRuns: 200 },
  );
});

test.each([
  {
    resource: {
      resourceType: 'Patient',
      gender: 'female',
      identifier: [{ system: 'http://mrn', value: '7' }, { value: '8' }],
    },
    tokens: ['gender=female', 'identifier=7', 'identifier=http://mrn|7', 'identifier=8', 'identifier=|8'],
  },
  { resource: { resourceType: 'Observation', identifier: [{ system: 'http://lab', value: '7' }] }, tokens: undefined },
  { resource: { resourceType: 'Encounter', identifier: { value: '7' } }, tokens: undefined },
  {
    resource: { resourceType: 'Practitioner', identifier: [null, 7, {}, { value: 7 }, { value: 'x'.repeat(1001) }] },
    tokens: undefined,
  },
  {
    resource: { resourceType: 'MedicationRequest', intent: 'order', status: 'active' },
    tokens: ['status=active', 'intent=order'],
  },
  {
    resource: { resourceType: 'Condition', clinicalStatus: { coding: [{ system: 'http://s', code: 'active' }] } },
    tokens: ['status=active', 'status=http://s|active'],
  },
  {
    resource: {
      resourceType: 'PractitionerRole',
      practitioner: { reference: 'https://ehr.example/Practitioner/d1' },
      specialty: [{ coding: [{ code: 'x' }] }],
    },
    tokens: ['specialty=x', 'specialty=|x', 'practitioner=d1'],
  },
])('the tokens of $resource are $tokens', ({ resource, tokens }) => {
  const content = { id: 'x', ...resource } as Resource;
  expect(extractSearchKeys(content).tokens).toEqual(tokens);
});

test('a patient with ten thousand identifiers keeps the tokens of the name, and the first identifiers', () => {
  const identifier = Array.from({ length: 10_000 }, (_, index) => ({ system: 'http://mrn', value: String(index) }));
  const { tokens = [] } = extractSearchKeys({ resourceType: 'Patient', id: 'p', name: [{ family: 'A' }], identifier });
  expect([tokens.length, tokens.includes('family^A'), tokens.includes('identifier=http://mrn|400')]).toEqual([
    1000,
    true,
    true,
  ]);
});
