import { expect, test } from '@jest/globals';
import { exportNote } from './export-note.ts';
import { createProviderRegistry } from './provider-registry.ts';

const athenahealth = createProviderRegistry({}).get('athenahealth');

test('each note about what athenahealth exports has a source and a date', () => {
  const notes = Object.values(athenahealth.notExported ?? {});
  expect(notes.length).toBeGreaterThan(0);
  for (const note of notes) expect(note).toMatch(/list.*\d{4}-\d\d-\d\d/);
});

test.each(['Coverage', 'CarePlan', 'Patient', 'constructor'])(
  'nothing speaks against an export of %s',
  (resourceType) => {
    expect(exportNote({ provider: athenahealth, resourceType })).toBeUndefined();
  },
);
