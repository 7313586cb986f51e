import { type Command, InvalidArgumentError } from 'commander';
import { type Context, type Environment, readContext } from './context.ts';

export interface CommandDefinition<Options> {
  /** The name of the command with its arguments: `cancel <id>`. */
  readonly usage: string;
  readonly description: string;
  readonly options?: (command: Command) => Command;
  readonly run: (context: Context, args: readonly string[], options: Options) => Promise<void>;
}

/** Adds a subcommand. Its context is read when it runs. */
export function addCommand<Options = object>(
  parent: Command,
  { definition, environment }: { readonly definition: CommandDefinition<Options>; readonly environment: Environment },
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

/** Parses a comma-separated list. */
export function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('The value must be a whole number.');
}
