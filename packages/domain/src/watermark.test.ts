import { describe, expect, test } from '@jest/globals';
import { emptyCheckpoint, type OutputFile } from './output-file.ts';
import { settledTypes } from './watermark.ts';

describe('settledTypes', () => {
  const file = (change: Partial<OutputFile>): OutputFile => ({
    id: 'f',
    exportId: 'e',
    connectionId: 'c',
    section: 'output',
    type: 'Patient',
    url: 'http://x',
    requiresAccessToken: true,
    state: 'completed',
    checkpoint: emptyCheckpoint,
    attempts: 1,
    ...change,
  });

  test('a type with a failed file stays, the others advance, also those without a file', () => {
    const files = [file({}), file({ type: 'Observation' }), file({ type: 'Observation', state: 'failed' })];
    expect(settledTypes({ requestedTypes: ['Patient', 'Observation', 'Goal'], files })).toEqual(['Patient', 'Goal']);
    expect(settledTypes({ requestedTypes: [], files })).toEqual(['Patient']);
  });

  test.each(['deleted', 'error'] as const)('nothing advances past a failed %s file', (section) => {
    expect(settledTypes({ requestedTypes: [], files: [file({}), file({ section, state: 'failed' })] })).toEqual([]);
  });
});
