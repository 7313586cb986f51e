import { type Command, InvalidArgumentError } from 'commander';
import { type Context, type Environment, readContext } from './context.ts';

export interface CommandDefinition<Options> {
  /** With its arguments: `cancel <id>`. */
  readonly usage: string;
  readonly description: string;
  readonly options?: (command: Command) => Command;
  readonly run: (context: Context, args: readonly string[], options: Options) => Promise<void>;
}

/** Puts a command below another one, with what it works with read when it runs. */
export function addCommand<Options = object>(
  parent: Command,
  { definition, environment }: { readonly definition: CommandDefinition<Options>; readonly environment: Environment },
): void {
  const { usage, description, options, run } = definition;
  const command = parent.command(usage).description(description);
  options?.(command);
  command.action(async (...given: unknown[]) => {
    const self = given.at(-1) as Command;
    const args = given.slice(0, -2).map(String);
    await run(readContext(self, environment), args, self.opts<Options & object>());
  });
}

/** `a,b` */
export function list(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

export function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}
