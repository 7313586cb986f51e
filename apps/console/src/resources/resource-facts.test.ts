import { expect, test } from '@jest/globals';
import { dateOf, parseWithValues, patientOf, valueText } from './resource-facts.ts';

test.each([
  { resource: { valueQuantity: { value: 5.4, unit: 'mmol/L' } }, value: '5.4 mmol/L' },
  { resource: { valueQuantity: { value: '1.50', code: 'mg', comparator: '<' } }, value: '<1.50 mg' },
  { resource: { valueCodeableConcept: { coding: [{ code: 'P', display: 'positive' }] } }, value: 'positive' },
  { resource: { valueString: 'clear' }, value: 'clear' },
  { resource: { valueBoolean: false }, value: 'no' },
  { resource: { valueInteger: 3 }, value: '3' },
  {
    resource: { component: [{ valueQuantity: { value: 120, unit: 'mmHg' } }, {}, { valueQuantity: { value: 80 } }] },
    value: '120 mmHg, 80',
  },
  { resource: { valueQuantity: 'broken', component: 'broken' }, value: '' },
  { resource: {}, value: '' },
])('the value of $resource is "$value"', ({ resource, value }) => {
  expect(valueText(resource)).toBe(value);
});

test.each([
  { resource: { effectiveDateTime: '2026-05-01T10:20:30Z', issued: '2026-05-02' }, date: '2026-05-01 10:20' },
  { resource: { effectivePeriod: { start: '2026-05' }, issued: '2026-06-01' }, date: '2026-05' },
  { resource: { birthDate: '1970-01-02' }, date: '1970-01-02' },
  { resource: { period: { start: '2026-05-01' } }, date: '2026-05-01' },
  { resource: { period: null, date: 7 }, date: '' },
])('the date of $resource is "$date"', ({ resource, date }) => {
  expect(dateOf(resource)).toBe(date);
});

test.each([
  { resource: { subject: { reference: 'Patient/p-1.E' } }, patient: 'p-1.E' },
  { resource: { patient: { reference: 'https://ehr.example/r4/Patient/p1' } }, patient: 'p1' },
  { resource: { subject: { reference: 'Group/g1' } }, patient: '' },
  { resource: { subject: 'Patient/p1' }, patient: '' },
])('the patient of $resource is "$patient"', ({ resource, patient }) => {
  expect(patientOf(resource)).toBe(patient);
});

test('a value keeps the text that the EHR wrote', () => {
  expect(parseWithValues('{"valueQuantity":{"value":1.50},"count":2}')).toEqual({
    valueQuantity: { value: '1.50' },
    count: 2,
  });
});
