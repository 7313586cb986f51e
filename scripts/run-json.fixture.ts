import { spawnTethered } from '@bulkhead/embedded';

/** Runs a program that prints one JSON object, as a process of its own. @returns its exit code and the object */
export async function runJson(main: string, args: readonly (string | number)[]) {
  const lines: string[] = [];
  const { exited } = await spawnTethered({
    command: process.execPath,
    args: [main, '--json', ...args.map(String)],
    // At SIGTERM, programs remove a folder with a database.
    orphanGraceMs: 10_000,
    output: { onLine: (line) => lines.push(line) },
  });
  const { code } = await exited;
  // Shows the parts of the run and their findings. The totals alone do not.
  if (code !== 0) console.error(lines.join('\n'));
  return { code, result: JSON.parse(lines.findLast((line) => line.startsWith('{')) ?? '{}') };
}
