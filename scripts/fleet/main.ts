// usage: pnpm fleet [--connections N] [--exports N] [--json]
// Measures what a deployment costs with one connection and with many: looks, searches, a running sync, a new connection, sweeps, retention, an
// idle Redis and a lost one, in commands, bytes and CPU time. Exit 1 if one of them costs more commands with many, or if the connections that
// are behind are not exactly those that are shown.
import { parseCommandLine, readWholeNumber, runProgram } from '../command-line.ts';
import { runFleet } from './run-fleet.ts';

const usage = `usage: pnpm fleet [--connections N] [--exports N] [--json]
  --connections N  how many connections (default 1000)
  --exports N      of each connection (default 20)
  --json           print one JSON object`;

const behind = 2;
/** A look may ask once more, such as for the names of the connections of a page. */
const moreCommands = 3;
/**
 * The check of health, each minute, is 15 commands, and on a busy machine other clocks send as many while a sync is cancelled. What asks once for
 * each connection costs hundreds more.
 */
const moreWithClocks = 40;

await runProgram(main);

async function main(args: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const options = { connections: text, exports: text, json: { type: 'boolean' } } as const;
  const { values } = parseCommandLine({ args: [...args], options }, usage);
  const read = (name: 'connections' | 'exports', standard: string) =>
    readWholeNumber({ usage, name, text: values[name] ?? standard, min: 3, max: 10_000 });
  const report = (line: string) => values.json || console.log(line);
  const size = { connections: read('connections', '1000'), exportsEach: read('exports', '20') };
  const { counts, looks, behind: shown, idleRedis, lostRedis } = await runFleet({ ...size, behind, report });
  const growing = looks
    .filter(({ meetsClocks, one, fleet }) => {
      const more = fleet.commands.length - one.commands.length;
      return more > (meetsClocks ? moreWithClocks : moreCommands);
    })
    .map(({ name, one, fleet }) => `${name}: ${listMore(one.commands, fleet.commands)}`);
  if (values.json) console.log(JSON.stringify({ counts, looks, growing, behind: shown, idleRedis, lostRedis }));
  else {
    console.table(
      Object.fromEntries(
        looks.map(({ name, one, fleet }) => [
          name,
          {
            commands: `${one.commands.length} -> ${fleet.commands.length}`,
            kB: `${Math.round(one.bytes / 1000)} -> ${Math.round(fleet.bytes / 1000)}`,
            'CPU ms': `${one.cpuMs} -> ${fleet.cpuMs}`,
            ms: `${one.ms} -> ${fleet.ms}`,
          },
        ]),
      ),
    );
    console.log(`${shown} of ${size.connections} connections are behind`);
    console.log(`idle Redis: ${idleRedis.one} -> ${idleRedis.fleet} commands a second`);
    console.log(`warnings after a loss of Redis: ${lostRedis.one} -> ${lostRedis.fleet}`);
    if (growing.length > 0) console.log(`cost more commands with many:\n${growing.join('\n')}`);
  }
  return growing.length === 0 && shown === behind ? 0 : 1;
}

/** The commands of which there are more. */
function listMore(few: readonly string[], many: readonly string[]): string {
  const count = (names: readonly string[], name: string) => names.filter((each) => each === name).length;
  const more = [...new Set(many)].filter((name) => count(many, name) > count(few, name));
  return more.map((name) => `${name} ${count(few, name)} -> ${count(many, name)}`).join(', ');
}
