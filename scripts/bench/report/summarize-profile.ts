// usage: node scripts/bench/report/summarize-profile.ts FILE.cpuprofile [LINES]
// Prints the functions of a `node --cpu-prof` profile by their self time, as text.
import { readFileSync } from 'node:fs';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const [, , file = '', lines = '30'] = process.argv;
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as Profile;
const nameOf = new Map(
  nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
    const position = url.split('/').slice(-1)[0];
    return [id, `${functionName || '(anonymous)'}${position ? ` ${position}:${lineNumber + 1}` : ''}`];
  }),
);
const times = new Map<string, number>();
for (const [index, id] of samples.entries()) {
  const name = nameOf.get(id) ?? '?';
  if (name === '(idle)') continue;
  times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0));
}
const total = [...times.values()].reduce((sum, time) => sum + time, 0);
const slowest = [...times].toSorted(([, left], [, right]) => right - left).slice(0, Number(lines));
console.log(`${(total / 1e6).toFixed(2)} s busy`);
for (const [name, time] of slowest) console.log(`${((time / total) * 100).toFixed(1).padStart(5)} %  ${name}`);
