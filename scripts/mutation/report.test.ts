import { expect, test } from '@jest/globals';
import { renderReport, toReport, type Verdict } from './report.ts';

const mutant = { id: '1', file: 'packages/x/src/reader.ts', line: 4, original: 'a > b', replacement: 'a >= b' };
const verdict = (outcome: Verdict['outcome']): Verdict => ({ mutant, outcome });

test('the mutation report counts a mutant that makes the tests hang as killed, and one that no test reaches as survived', () => {
  const outcomes = ['killed', 'timed out', 'survived', 'not reached', 'killed', 'killed'] as const;
  const report = toReport({ module: 'x', verdicts: outcomes.map(verdict), total: 6 });
  expect(report).toMatchObject({ module: 'x', mutants: 6, killed: 4, survived: 2, score: 66.7 });
  expect(renderReport(report)).toBe(
    [
      'x: 6 mutants, 4 killed, 2 survived (1 not reached), 66.7 %',
      '  packages/x/src/reader.ts:4  a > b  ->  a >= b',
      '  packages/x/src/reader.ts:4  a > b  ->  a >= b',
    ].join('\n'),
  );
});

test('the mutation report shows how many mutants were tried if the run was interrupted', () => {
  const report = toReport({ module: 'x', verdicts: [verdict('killed')], total: 6 });
  expect(renderReport(report)).toBe('x: 1 of 6 mutants, 1 killed, 0 survived (0 not reached), 100.0 %');
});

test('the mutation report shortens a long expression to one line', () => {
  const long = { ...mutant, original: `{\n  ${'x'.repeat(100)}\n}` };
  const [survivor] = toReport({ module: 'x', verdicts: [{ mutant: long, outcome: 'survived' }], total: 1 }).survivors;
  expect(survivor).toBe(`packages/x/src/reader.ts:4  { ${'x'.repeat(65)}...  ->  a >= b`);
});
