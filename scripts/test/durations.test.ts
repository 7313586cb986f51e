import { expect, test } from '@jest/globals';
import { renderDurations } from './durations.ts';

test('the time of a run is shown by kind and by file, the slowest first', () => {
  const results = [
    { name: '/repo/packages/fhir/src/a.test.ts', startTime: 0, endTime: 500, assertionResults: [] },
    { name: '/repo/packages/fhir/src/b.integration.test.ts', startTime: 1000, endTime: 3000, assertionResults: [] },
    { name: '/repo/packages/fhir/src/c.integration.test.ts', startTime: 1000, endTime: 11_000, assertionResults: [] },
  ];
  expect(renderDurations({ testResults: results }, '/repo').split('\n')).toEqual([
    'Time by kind of test:',
    '    12.0 s  integration in packages/fhir (2 files)',
    '     0.5 s  unit (1 files)',
    'The 3 slowest files:',
    '    10.0 s  packages/fhir/src/c.integration.test.ts',
    '     2.0 s  packages/fhir/src/b.integration.test.ts',
    '     0.5 s  packages/fhir/src/a.test.ts',
  ]);
});
