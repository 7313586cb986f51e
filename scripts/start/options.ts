import { existsSync, readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseCommandLine, readWholeNumber } from '../command-line.ts';

export type StartOptions = Readonly<ReturnType<typeof readOptions>>;

const usage = `usage: npm start -- [--once] [--dev] [--patients N] [--data DIR] [--port P] [--folder DIR] [--new-key]
  --once         end after the export: exit 0 if everything is stored, 7 if it is partial, else 1
  --dev          run from sources and restart what changes (\`pnpm dev\`); inspectors listen on ports 9230 (API) and 9231 (worker)
  --patients N   size of the simulated practice (default 200)
  --data DIR     serve a folder of Type.ndjson.gz files instead of the generated practice
  --port P       port of the API (default 3000, or the next free one)
  --folder DIR   keep databases, keys and logs in this folder instead of .bulkhead: two starts at once need two folders
  --new-key      delete the previous API key and show a new one`;

/** @throws Error that names the invalid option and shows the usage */
export function readOptions(args: readonly string[], cwd: string) {
  const text = { type: 'string' } as const;
  const options = {
    once: { type: 'boolean' },
    dev: { type: 'boolean' },
    patients: text,
    data: text,
    port: text,
    folder: text,
    'new-key': { type: 'boolean' },
  } as const;
  const { values } = parseCommandLine({ args: [...args], options }, usage);
  const dataDir = values.data === undefined ? undefined : resolve(cwd, values.data);
  if (dataDir !== undefined) checkFolder(dataDir);
  return {
    /** Stop after the first export. */
    once: values.once === true,
    /** Run everything from its sources, and restart it when they change. */
    dev: values.dev === true,
    /** The number of patients of the simulated practice. */
    patients: readWholeNumber({ usage, name: 'patients', text: values.patients ?? '200', min: 1, max: 10_000_000 }),
    /** Absolute path of a folder of `Type.ndjson(.gz)` to serve instead of the generated practice. */
    dataDir,
    /** The preferred port of the API. */
    port: readWholeNumber({ usage, name: 'port', text: values.port ?? '3000', min: 1, max: 65_535 }),
    /** Absolute path of the folder for databases, keys and logs. Undefined: `.bulkhead` in the project. */
    folder: values.folder === undefined ? undefined : resolve(cwd, values.folder),
    /** Replace the API key that was shown first. */
    newKey: values['new-key'] === true,
  };
}

function checkFolder(folder: string): void {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) throw new Error(`--data: there is no folder ${folder}`);
  if (readdirSync(folder).some((name) => /\.ndjson(\.gz)?$/.test(name))) return;
  throw new Error(`--data: ${folder} holds no Type.ndjson or Type.ndjson.gz files`);
}
