import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { compileView, publishedViews } from '../index.ts';
import { findUnexplained, renderMeaning } from './meaning.fixture.ts';

test('what a view loses has a reason, and no reason is needless', () => {
  expect(findUnexplained()).toEqual({ lost: [], needless: [] });
});

test('docs/tables.md says what the views carry (`pnpm docs:tables` writes it)', () => {
  const page = readFileSync(new URL('../../../../../docs/tables.md', import.meta.url), 'utf8');
  expect(renderMeaning(page)).toBe(page);
});

/** The first row, by the names of its columns. */
function rowOf(view: string, resource: object) {
  const { columns, rows, resourceType } = compileView(publishedViews[view]);
  const [row = []] = rows({ resourceType, id: 'r1', ...resource });
  return Object.fromEntries(columns.map(({ name }, index) => [name, row[index]]));
}

const practitioner = (id: string) => ({ reference: `Practitioner/${id}` });
const coded = (...codes: readonly [string, string][]) => ({
  coding: codes.map(([system, code]) => ({ system, code })),
});
const local = ['http://example.org', 'local'] as const;

test.each([
  {
    what: 'a result below a limit',
    view: 'observation',
    resource: { valueQuantity: { comparator: '<', value: 4, unit: 'ng/mL' } },
    row: { result: '<4', result_number: 4, result_comparator: '<', source_units: 'ng/mL' },
  },
  {
    what: 'a titer',
    view: 'observation',
    resource: { valueRatio: { numerator: { value: 1 }, denominator: { value: 128 } } },
    row: { result: '1:128', result_number: null, result_numerator: 1, result_denominator: 128 },
  },
  {
    what: 'a result that is missing',
    view: 'observation',
    resource: { dataAbsentReason: { text: 'Hemolyzed' }, referenceRange: [{ text: 'negative' }] },
    row: { result: null, absent_reason: 'Hemolyzed', source_reference_range_text: 'negative' },
  },
  { what: 'a boolean', view: 'observation', resource: { valueBoolean: false }, row: { result: 'false' } },
  {
    what: 'a period',
    view: 'observation',
    resource: { valuePeriod: { start: '2026-01', end: '2026-02' } },
    row: { result: '2026-01/2026-02' },
  },
  {
    what: 'a standard code behind a local one',
    view: 'observation',
    resource: { code: coded([...local], ['http://loinc.org', '4548-4']) },
    row: { source_code: 'local', loinc_code: '4548-4' },
  },
  {
    what: 'a code of a system by its OID',
    view: 'condition',
    resource: { code: coded(['urn:oid:2.16.840.1.113883.6.90', 'E11.9']) },
    row: { icd_10_cm_code: 'E11.9' },
  },
  {
    what: 'a vaccine with two codes',
    view: 'immunization',
    resource: { vaccineCode: coded(['http://hl7.org/fhir/sid/ndc', '1'], ['http://hl7.org/fhir/sid/cvx', '140']) },
    row: { ndc_code: '1', cvx_code: '140' },
  },
  {
    what: 'a medication that is contained beside its ingredient',
    view: 'medication',
    resource: {
      contained: [
        { resourceType: 'Medication', id: 'other', code: { text: 'other' } },
        { resourceType: 'Medication', id: 'm', code: coded([...local], ['http://hl7.org/fhir/sid/ndc', '2']) },
      ],
      medicationReference: { reference: '#m' },
      doNotPerform: true,
    },
    row: { source_code: 'local', ndc_code: '2', source_description: null, is_prohibited: true },
  },
  {
    what: 'participants in another order',
    view: 'encounter',
    resource: {
      participant: [
        { type: [coded(['', 'REF'])], individual: practitioner('referrer') },
        { type: [coded(['', 'ATND'])], individual: practitioner('attender') },
      ],
    },
    row: {
      attending_provider_id: 'attender',
      referring_provider_id: 'referrer',
      practitioner_ids: ['referrer', 'attender'],
    },
  },
  {
    what: 'a patient with an old name, address, phone and record number',
    view: 'patient',
    resource: {
      name: [
        { use: 'old', family: 'Before' },
        { use: 'official', family: 'Now' },
      ],
      address: [{ use: 'old', city: 'Before' }, { city: 'Now' }],
      telecom: [
        { use: 'old', system: 'phone', value: 'before' },
        { system: 'phone', value: 'now' },
      ],
      identifier: ['old', 'usual'].map((use) => ({ use, type: { coding: [{ code: 'MR' }] }, value: use })),
      generalPractitioner: [practitioner('gp')],
      communication: [{ language: coded(['', 'es']), preferred: true }],
    },
    row: {
      last_name: 'Now',
      previous_last_name: 'Before',
      city: 'Now',
      phone: 'now',
      medical_record_number: 'usual',
      practitioner_id: 'gp',
      language_code: 'es',
    },
  },
  {
    what: 'a patient who has old names and addresses only',
    view: 'patient',
    resource: { name: [{ use: 'old', family: 'Before' }], address: [{ use: 'old', city: 'Before' }] },
    row: { last_name: null, city: null },
  },
])('a view says what is meant by $what', ({ view, resource, row }) => {
  expect(rowOf(view, resource)).toMatchObject(row);
});
