import { relative } from 'node:path';
import type { JestReport } from './count-tests.ts';

const shownFiles = 25;

/** @returns where the time of a run went: the sum of each kind of test file, and the slowest files, in seconds */
export function renderDurations({ testResults }: Pick<JestReport, 'testResults'>, root: string): string {
  const files = testResults
    .map(({ name, startTime, endTime }) => ({ file: relative(root, name), seconds: (endTime - startTime) / 1000 }))
    .toSorted((left, right) => right.seconds - left.seconds);
  const kinds = [...Map.groupBy(files, ({ file }) => kindOf(file))].map(([kind, ofKind]) => ({
    name: `${kind} (${ofKind.length} files)`,
    seconds: ofKind.reduce((sum, { seconds }) => sum + seconds, 0),
  }));
  const slowest = files.slice(0, shownFiles).map(({ file, seconds }) => ({ name: file, seconds }));
  return [
    'Time by kind of test:',
    ...kinds.toSorted((left, right) => right.seconds - left.seconds).map(toLine),
    `The ${slowest.length} slowest files:`,
    ...slowest.map(toLine),
  ].join('\n');
}

function kindOf(file: string): string {
  const [top = '', folder = ''] = file.split('/');
  if (!file.includes('.integration.')) return 'unit';
  return `integration in ${top}/${folder}`;
}

function toLine({ name, seconds }: { readonly name: string; readonly seconds: number }): string {
  return `${seconds.toFixed(1).padStart(8)} s  ${name}`;
}
