import { expect, test } from '@jest/globals';
import { renderDurations } from './durations.ts';

test('the time of a run is shown by ring, by kind and by file, the slowest first, and what was cached is counted', () => {
  const results = [
    { name: '/repo/packages/fhir/src/a.test.ts', startTime: 0, endTime: 500, assertionResults: [] },
    { name: '/repo/packages/fhir/src/b.integration.test.ts', startTime: 1000, endTime: 3000, assertionResults: [] },
    { name: '/repo/packages/fhir/src/c.integration.test.ts', startTime: 1000, endTime: 11_000, assertionResults: [] },
    { name: '/repo/scripts/chaos/chaos.integration.test.ts', startTime: 0, endTime: 0, assertionResults: [] },
  ];
  const cached = ['scripts/chaos/chaos.integration.test.ts'];
  expect(renderDurations({ testResults: results }, { root: '/repo', cached }).split('\n')).toEqual([
    'Time by ring:',
    '    12.5 s  change (3 files, 0 more cached)',
    '     0.0 s  merge (0 files, 1 more cached)',
    '     0.0 s  night (0 files, 0 more cached)',
    'Time by kind of test:',
    '    12.0 s  integration in packages/fhir (2 files)',
    '     0.5 s  unit (1 files)',
    'The 3 slowest files:',
    '    10.0 s  packages/fhir/src/c.integration.test.ts',
    '     2.0 s  packages/fhir/src/b.integration.test.ts',
    '     0.5 s  packages/fhir/src/a.test.ts',
  ]);
});
