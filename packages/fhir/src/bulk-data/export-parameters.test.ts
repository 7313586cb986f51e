import { expect, test } from '@jest/globals';
import {
  type NamedValue,
  namedValuesOf,
  namesOf,
  toExportParameters,
  toParametersResource,
  toQuery,
  without,
} from './export-parameters.ts';

const all = toExportParameters({
  exportType: 'Patient',
  resourceTypes: ['Patient', 'Goal'],
  since: '2024-01-01T00:00:00+02:00',
  typeFilters: ['Goal?lifecycle-status=active', 'Patient?active=true'],
});
const none = toExportParameters({ exportType: 'Patient', resourceTypes: [] });

test('toQuery writes the parameters of a GET, with the types as one list', () => {
  expect(toQuery(all)).toBe(
    '?_type=Patient%2CGoal&_since=2024-01-01T00%3A00%3A00%2B02%3A00' +
      '&_typeFilter=Goal%3Flifecycle-status%3Dactive&_typeFilter=Patient%3Factive%3Dtrue',
  );
  expect(toQuery(none)).toBe('');
});

test('toParametersResource writes the parameters of a POST, with the types as one list and a part for each other value', () => {
  const patient: NamedValue = ['patient', 'Patient/p1'];
  expect(toParametersResource([...namedValuesOf(all), patient])).toEqual({
    resourceType: 'Parameters',
    parameter: [
      { name: '_type', valueString: 'Patient,Goal' },
      { name: '_since', valueInstant: '2024-01-01T00:00:00+02:00' },
      { name: '_typeFilter', valueString: 'Goal?lifecycle-status=active' },
      { name: '_typeFilter', valueString: 'Patient?active=true' },
      { name: 'patient', valueReference: { reference: 'Patient/p1' } },
    ],
  });
  expect(toParametersResource(namedValuesOf(none))).toEqual({ resourceType: 'Parameters', parameter: [] });
});

test('namesOf lists the parameters that are sent, and without removes one of them', () => {
  expect(namesOf(all)).toEqual(['_type', '_since', '_typeFilter']);
  expect(namesOf(none)).toEqual([]);
  for (const name of namesOf(all)) {
    expect(namesOf(without(all, name))).toEqual(namesOf(all).filter((otherName) => otherName !== name));
  }
});
