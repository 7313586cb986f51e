import { relative } from 'node:path';
import type { JestReport } from './count-tests.ts';
import { ringOf, rings } from './rings.ts';

const shownFiles = 25;

/**
 * @param cached the files that did not need to run, relative to the root
 * @returns where the time of a run went: the sum of each ring and of each kind of test file, and the slowest files, in seconds
 */
export function renderDurations(
  { testResults }: Pick<JestReport, 'testResults'>,
  { root, cached }: { readonly root: string; readonly cached: readonly string[] },
): string {
  const files = testResults
    .map(({ name, startTime, endTime }) => ({ file: relative(root, name), seconds: (endTime - startTime) / 1000 }))
    .filter(({ file }) => !cached.includes(file))
    .toSorted((left, right) => right.seconds - left.seconds);
  const ofRings = rings.map((ring) => {
    const ran = files.filter(({ file }) => ringOf(file) === ring);
    const count = cached.filter((file) => ringOf(file) === ring).length;
    return { name: `${ring} (${ran.length} files, ${count} more cached)`, seconds: sumOf(ran) };
  });
  const kinds = [...Map.groupBy(files, ({ file }) => kindOf(file))].map(([kind, ofKind]) => ({
    name: `${kind} (${ofKind.length} files)`,
    seconds: sumOf(ofKind),
  }));
  const slowest = files.slice(0, shownFiles).map(({ file, seconds }) => ({ name: file, seconds }));
  return [
    'Time by ring:',
    ...ofRings.map(toLine),
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

function sumOf(files: readonly { readonly seconds: number }[]): number {
  return files.reduce((sum, { seconds }) => sum + seconds, 0);
}

function toLine({ name, seconds }: { readonly name: string; readonly seconds: number }): string {
  return `${seconds.toFixed(1).padStart(8)} s  ${name}`;
}
