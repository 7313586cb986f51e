// usage: pnpm fleet [--connections N] [--exports N] [--json]
// Measures what looking at a deployment costs, with one connection and with many: commands, bytes and CPU time. Exit 1 if a look costs more
// commands with many, or if the connections that are behind are not exactly those that are shown.
import { parseCommandLine, readWholeNumber, runProgram } from '../command-line.ts';
import { runFleet } from './run-fleet.ts';

const usage = `usage: pnpm fleet [--connections N] [--exports N] [--json]
  --connections N  how many connections (default 1000)
  --exports N      of each connection (default 20)
  --json           print one JSON object`;

const behind = 2;
/** A look may ask once more, such as for the names of the connections of a page. */
const moreCommands = 3;

await runProgram(main);

async function main(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const options = { connections: text, exports: text, json: { type: 'boolean' } } as const;
  const { values } = parseCommandLine({ args: [...args], options }, usage);
  const read = (name: 'connections' | 'exports', standard: string) =>
    readWholeNumber({ usage, name, text: values[name] ?? standard, min: 3, max: 10_000 });
  const report = (line: string) => values.json || console.log(line);
  const size = { connections: read('connections', '1000'), exportsEach: read('exports', '20') };
  const { counts, looks, behind: shown } = await runFleet({ ...size, behind, report });
  const growing = looks
    .filter(({ one, fleet }) => fleet.commands > one.commands + moreCommands)
    .map(({ name }) => name);
  if (values.json) console.log(JSON.stringify({ counts, looks, growing, behind: shown }));
  else {
    console.table(
      Object.fromEntries(
        looks.map(({ name, one, fleet }) => [
          name,
          {
            commands: `${one.commands} -> ${fleet.commands}`,
            kB: `${Math.round(one.bytes / 1000)} -> ${Math.round(fleet.bytes / 1000)}`,
            'CPU ms': `${one.cpuMs} -> ${fleet.cpuMs}`,
            ms: `${one.ms} -> ${fleet.ms}`,
          },
        ]),
      ),
    );
    console.log(`${shown} of ${size.connections} connections are behind`);
    if (growing.length > 0) console.log(`cost more commands with many: ${growing.join(', ')}`);
  }
  return growing.length === 0 && shown === behind ? 0 : 1;
}
