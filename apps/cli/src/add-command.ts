import type { Command } from 'commander';
import { type Context, type Environment, readContext } from './context.ts';

interface AddedCommand<Options> {
  /** The name of the command with its arguments: `cancel <id>`. */
  readonly usage: string;
  readonly description: string;
  readonly options?: (command: Command) => Command;
  readonly run: (context: Context, args: readonly string[], options: Options) => Promise<void>;
}

/** Adds a subcommand. Its context is read when it runs. */
export function addCommand<Options = object>(
  parent: Command,
  { definition, environment }: { readonly definition: AddedCommand<Options>; readonly environment: Environment },
): void {
  const { usage, description, options, run } = definition;
  const command = parent.command(usage).description(description);
  options?.(command);
  command.action(async (...parameters: unknown[]) => {
    const self = parameters.at(-1) as Command;
    const args = parameters.slice(0, -2).map(String);
    await run(readContext(self, environment), args, self.opts<Options & object>());
  });
}
