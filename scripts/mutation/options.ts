import { parseCommandLine } from '../command-line.ts';
import { type Module, modules } from './modules.ts';

export interface MutationOptions {
  readonly modules: readonly Module[];
  /** Tries only mutants of sources whose path contains this text. */
  readonly file: string;
  /** A report of `--json`. Only mutants that survived in it are tried. */
  readonly again?: string;
  readonly json: boolean;
}

const usage = `usage: pnpm mutation [--module NAME] [--file TEXT] [--again REPORT] [--json]
  --module NAME  one of ${modules.map(({ name }) => name).join(', ')} (default: all)
  --file TEXT    only sources whose path contains TEXT
  --again REPORT only mutants that survived in this report of an earlier --json
  --json         print the result as JSON and nothing else`;

/** @throws Error that names the invalid option and shows the usage */
export function readOptions(args: readonly string[]): MutationOptions {
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
