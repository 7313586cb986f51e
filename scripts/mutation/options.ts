import { parseCommandLine } from '../command-line.ts';
import { modules } from './modules.ts';

const usage = `usage: pnpm mutation [--module NAME] [--file TEXT] [--again REPORT] [--json]
  --module NAME  one of ${modules.map(({ name }) => name).join(', ')} (default: all)
  --file TEXT    only sources whose path contains TEXT
  --again REPORT only mutants that survived in this report of an earlier --json
  --json         print the result as JSON and nothing else`;

/** @throws Error that names the invalid option and shows the usage */
export function readOptions(args: readonly string[]) {
  const text = { type: 'string' } as const;
  const options = { module: text, file: text, again: text, json: { type: 'boolean' } } as const;
  const { values } = parseCommandLine({ args: [...args], options }, usage);
  const chosen = modules.filter(({ name }) => values.module === undefined || name === values.module);
  if (chosen.length === 0) throw new Error(`There is no module ${JSON.stringify(values.module)}.\n${usage}`);
  return {
    modules: chosen,
    file: values.file ?? '',
    ...(values.again && { again: values.again }),
    json: values.json === true,
  };
}
