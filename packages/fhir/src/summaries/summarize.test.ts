import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseExact } from '../json/exact-number.ts';
import { enhancedResourceTypes, type Resource } from '../resources/resource.ts';
import { guideResources } from './guide.fixture.ts';
import { maxSummaryBytes, summarize } from './summarize.ts';
import { syntheaResources } from './synthea.fixture.ts';

const sizeOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value) ?? '');

test.each(Object.values(guideResources))("the summary of the guide's $resourceType has all its fields", (resource) => {
  const { resourceType: _type, id: _id, ...listed } = resource;
  expect(summarize(resource)).toEqual(listed);
});

test("the summary of Synthea's DiagnosticReport has the listed fields", () => {
  const { status, category, code, effectiveDateTime, issued } = syntheaResources.DiagnosticReport;
  expect(summarize(syntheaResources.DiagnosticReport)).toEqual({ status, category, code, effectiveDateTime, issued });
});

test("the summary of Synthea's CarePlan has the listed fields", () => {
  const { status, intent, category, period, activity } = syntheaResources.CarePlan;
  expect(summarize(syntheaResources.CarePlan)).toEqual({ status, intent, category, period, activity });
});

test("the summary of Synthea's Encounter has the listed fields", () => {
  const { status, class: classification, type, period, reasonCode } = syntheaResources.Encounter;
  const summary = { status, class: classification, type, period, reasonCode };
  expect(summarize(syntheaResources.Encounter)).toEqual(summary);
});

test('the summary of an Appointment has the listed fields', () => {
  const {
    resourceType: _t,
    id: _i,
    priority: _p,
    created: _c,
    participant: _a,
    ...listed
  } = syntheaResources.Appointment;
  expect(summarize(syntheaResources.Appointment)).toEqual(listed);
});

test('the summary of a DocumentReference describes an inline document without its data', () => {
  const { status, type, category, date, content, context, author } = syntheaResources.DocumentReference;
  const { data, ...described } = content[0].attachment;
  const summary = summarize(syntheaResources.DocumentReference);
  expect(summary).toEqual({
    status,
    type,
    category,
    date,
    content: [{ attachment: { ...described, isInline: true }, format: content[0].format }],
    context,
    author,
  });
  expect(JSON.stringify(summary)).not.toContain(data);
});

test('only the five enhanced types have a summary', () => {
  for (const resourceType of ['Patient', 'Observation', 'constructor', '__proto__']) {
    expect(summarize({ resourceType, id: 'x', status: 'final' })).toBeUndefined();
  }
  expect(summarize({ resourceType: 'Encounter', id: 'x' })).toBeUndefined();
});

test('a summary has hospitalization, diagnoses, goals and outcomes', () => {
  const hospitalization = {
    admitSource: { text: 'emergency' },
    dischargeDisposition: { coding: [{ code: 'home' }] },
    destination: { reference: 'Location/1' },
  };
  const diagnosis = [{ condition: { reference: 'Condition/1' }, rank: 1 }];
  const encounter = { resourceType: 'Encounter', id: 'e', hospitalization, diagnosis };
  expect(summarize(encounter)).toEqual({ hospitalization, diagnosis });
  const goal = { resourceType: 'Goal', id: 'g', lifecycleStatus: 'active', description: { text: 'lose weight' } };
  const activity = [{ outcomeCodeableConcept: [{ text: 'done' }], outcomeReference: [{ reference: 'Observation/1' }] }];
  const plan = {
    resourceType: 'CarePlan',
    id: 'c',
    goal: [{ reference: '#g' }],
    contained: [goal, null, 3],
    activity,
  };
  const { resourceType: _type, ...contained } = goal;
  expect(summarize(plan)).toEqual({ goal: [{ reference: '#g' }], activity, containedGoal: [contained] });
});

test('a summary has plain numbers and omits those that a double cannot hold', () => {
  const text = '{"resourceType":"Appointment","id":"a","minutesDuration":30.0,"reasonCode":[{"text":"x"}]}';
  expect(summarize(parseExact(text) as Resource)).toEqual({ minutesDuration: 30, reasonCode: [{ text: 'x' }] });
  expect(summarize(parseExact(text.replace('30.0', '1e999')) as Resource)).toEqual({ reasonCode: [{ text: 'x' }] });
});

test('the summary of a care plan has the details of its activities', () => {
  const quantity = { value: 1, comparator: '<', unit: 'mg', system: 'http://unitsofmeasure.org', code: 'mg' };
  const identifier = { system: 'urn:x', value: '7' };
  const annotation = {
    time: '2024-01-15',
    authorString: 'A',
    authorReference: { reference: 'Practitioner/p', type: 'Practitioner', identifier, display: 'P' },
    text: 'done',
  };
  const detail = {
    doNotPerform: true,
    scheduledTiming: { repeat: { boundsRange: { low: quantity, high: quantity } } },
    dailyAmount: quantity,
    quantity,
  };
  const plan = { note: [annotation], activity: [{ detail, progress: [annotation] }] };
  expect(summarize({ resourceType: 'CarePlan', id: 'c', ...plan })).toEqual(plan);
});

test.each([
  { doNotPerform: true, kept: true },
  { doNotPerform: false, kept: false },
  { doNotPerform: 'true', kept: undefined },
  { doNotPerform: 1, kept: undefined },
])('the summary of an activity with doNotPerform $doNotPerform has $kept', ({ doNotPerform, kept }) => {
  const summary = summarize({
    resourceType: 'CarePlan',
    id: 'c',
    activity: [{ detail: { status: 'x', doNotPerform } }],
  });
  expect(summary).toStrictEqual({
    activity: [{ detail: { status: 'x', ...(kept === undefined ? {} : { doNotPerform: kept }) } }],
  });
});

test('the summary of a care plan has its contained goals and no other contained resources', () => {
  const contained = [
    { resourceType: 'Patient', id: 'p' },
    { resourceType: 'Goal', id: 'g' },
  ];
  expect(summarize({ resourceType: 'CarePlan', id: 'c', contained })).toEqual({ containedGoal: [{ id: 'g' }] });
  expect(summarize({ resourceType: 'CarePlan', id: 'c', status: 'active' })).toStrictEqual({ status: 'active' });
});

test('a summary keeps strings of 4,000 characters and lists of 100 items, and omits empty strings', () => {
  const conclusion = 'x'.repeat(4000);
  expect(summarize({ resourceType: 'DiagnosticReport', id: 'd', conclusion, status: '' })).toStrictEqual({
    conclusion,
  });
  const reasonCode = Array.from({ length: 100 }, (_, index) => ({ text: String(index) }));
  expect(summarize({ resourceType: 'Encounter', id: 'e', reasonCode })).toStrictEqual({ reasonCode });
});

test.each([
  { name: 'the first high surrogate', last: '\ud800', length: 3999 },
  { name: 'the last high surrogate', last: '\udbff', length: 3999 },
  { name: 'the last character before the high surrogates', last: '\ud7ff', length: 4000 },
  { name: 'the first character after the high surrogates', last: '\udc00', length: 4000 },
])('a string that is cut after $name keeps $length characters', ({ last, length }) => {
  const conclusion = `${'x'.repeat(3999)}${last}\udc00y`;
  const summary = summarize({ resourceType: 'DiagnosticReport', id: 'd', conclusion });
  expect(summary?.conclusion).toHaveLength(length);
});

test('a summary omits elements of a wrong shape', () => {
  const wrong = {
    resourceType: 'DiagnosticReport',
    id: 'd',
    status: 3,
    category: [null, 'x', { text: 'lab' }],
    code: [],
  };
  expect(summarize({ ...wrong, conclusion: { a: 1 }, presentedForm: { title: 'not a list' } })).toEqual({
    category: [{ text: 'lab' }],
    presentedForm: [{ title: 'not a list' }],
  });
});

test('a summary marks that it cut long strings and lists, and never cuts a surrogate pair in half', () => {
  const conclusion = `${'x'.repeat(3999)}😀`;
  const report = { resourceType: 'DiagnosticReport', id: 'd', conclusion };
  expect(summarize(report)).toEqual({ conclusion: 'x'.repeat(3999), isCut: true });
  const reasonCode = Array.from({ length: 101 }, (_, index) => ({ text: String(index) }));
  expect(summarize({ resourceType: 'Encounter', id: 'e', reasonCode })).toEqual({
    reasonCode: reasonCode.slice(0, 100),
    isCut: true,
  });
});

test('a summary stays within its limit if every list is full of the longest strings', () => {
  const long = '€'.repeat(5000);
  const many = <T>(value: T) => Array.from({ length: 200 }, () => value);
  const concept = { text: long, coding: many({ system: long, code: long, display: long }) };
  const activity = many({ outcomeCodeableConcept: many(concept) });
  const summary = summarize({ resourceType: 'CarePlan', id: 'c', status: 'active', activity });
  expect(summary).toMatchObject({ status: 'active', isCut: true });
  expect(sizeOf(summary)).toBeLessThan(maxSummaryBytes / 2);
  // The form that needs the most space is a chain of objects around one number.
  const deep = many({ detail: { scheduledTiming: { repeat: { boundsRange: { low: { value: 1 } } } } }, progress: 1 });
  expect(sizeOf(summarize({ resourceType: 'CarePlan', id: 'c', activity: deep }))).toBeLessThan(maxSummaryBytes / 2);
});

test('for any JSON in any element, summarize never throws and its result is bounded without inline data', () => {
  const element = fc.constantFrom(
    ...'status category code effectivePeriod conclusion presentedForm intent period activity goal contained class type'.split(
      ' ',
    ),
    ...'diagnosis hospitalization appointmentType minutesDuration note content context reasonCode'.split(' '),
  );
  const inner = fc.constantFrom(
    ...'coding text code display data detail scheduledTiming repeat reference attachment condition start'.split(' '),
    ...'resourceType toString constructor value'.split(' '),
  );
  const { any } = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 6 },
      fc.jsonValue(),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(inner, tie('any'), { maxKeys: 5 }),
    ),
  }));
  const resource = fc.record({
    resourceType: fc.constantFrom(...enhancedResourceTypes),
    elements: fc.dictionary(element, any as fc.Arbitrary<unknown>),
  });
  fc.assert(
    fc.property(resource, ({ resourceType, elements }) => {
      const parsed = parseExact(JSON.stringify({ ...elements, resourceType, id: 'x' })) as Resource;
      const summary = summarize(parsed);
      expect(sizeOf(summary)).toBeLessThan(maxSummaryBytes);
      expect(JSON.stringify(summary) ?? '').not.toContain('"data":');
    }),
    { numRuns: 500 },
  );
});
