import { type Command, Option } from 'commander';
import { type Context, type Environment, readContext } from './context.ts';
import type { OptionOf } from './option.ts';

/**
 * Commands as data. A command names its arguments, options and examples, and its `run` gets their values with their types:
 *
 *     command({
 *       name: 'retry',
 *       summary: 'retry a failed export',
 *       args: { id: 'the id of the export' },
 *       options: { limit: option.wholeNumber('<n>', 'maximum number of files') },
 *       examples: ['export retry job_1'],
 *       async run({ api, output }, { id, limit }) { ... },
 *     })
 *
 * `--help`, the completion of shells and the reference on the site are generated from it. A test runs every example.
 */
export interface CommandDefinition {
  readonly name: string;
  readonly summary: string;
  /** The description of each argument. All of them are required. */
  readonly args?: Readonly<Record<string, string>>;
  /** The options by their names in camel case: `typeFilter` is `--type-filter`. */
  readonly options?: Readonly<Record<string, OptionOf<unknown>>>;
  /** Command lines without `bulkhead`. */
  readonly examples: readonly string[];
  /** Commands below it, such as `probe apply`. */
  readonly commands?: readonly CommandDefinition[];
  readonly run: (context: Context, input: Readonly<Record<string, unknown>>) => Promise<void>;
}

/** Commands with a common first word, such as `export start` and `export show`. */
export interface CommandGroup {
  readonly name: string;
  readonly alias?: string;
  readonly summary: string;
  readonly commands: readonly CommandDefinition[];
}

type Options = Readonly<Record<string, OptionOf<unknown>>>;
type Input<Args, Given extends Options> = { readonly [Name in keyof Args]: string } & {
  readonly [Name in keyof Given]: Given[Name] extends OptionOf<infer Value> ? Value : never;
};

/** Gives the values of a command the types of its options. */
export function command<
  const Args extends Readonly<Record<string, string>> = Readonly<Record<never, string>>,
  const Given extends Options = Readonly<Record<never, never>>,
>(
  definition: Omit<CommandDefinition, 'args' | 'options' | 'run'> & {
    readonly args?: Args;
    readonly options?: Given;
    readonly run: (context: Context, input: Input<Args, Given>) => Promise<void>;
  },
): CommandDefinition {
  return definition as unknown as CommandDefinition;
}

export function addGroup(
  program: Command,
  options: { readonly group: CommandGroup; readonly environment: Environment },
) {
  const { group, environment } = options;
  const parent = program.command(group.name).description(group.summary);
  if (group.alias !== undefined) parent.alias(group.alias);
  for (const definition of group.commands) addDefinition(parent, { definition, environment });
}

export function addDefinition(
  parent: Command,
  options: { readonly definition: CommandDefinition; readonly environment: Environment },
): void {
  const { definition, environment } = options;
  const { name, summary, args = {}, options: named = {}, examples, commands = [], run } = definition;
  const names = Object.keys(args);
  const added = parent.command(name).description(summary);
  for (const [argument, description] of Object.entries(args)) added.argument(`<${toKebabCase(argument)}>`, description);
  for (const [option, value] of Object.entries(named)) added.addOption(toOption(option, value));
  for (const below of commands) addDefinition(added, { definition: below, environment });
  const lines = examples.map((example) => `  bulkhead ${example}`);
  added.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
  added.action(async (...texts: unknown[]) => {
    const values = Object.fromEntries(names.map((argument, index) => [argument, String(texts[index])]));
    await run(readContext(added, environment), { ...added.opts(), ...values });
  });
}

function toOption(name: string, option: OptionOf<unknown>): Option {
  const { description, argument, choices, parse, isRequired = false, isNegated = false } = option;
  const flags = `--${isNegated ? 'no-' : ''}${toKebabCase(name)}${argument === undefined ? '' : ` ${argument}`}`;
  const added = new Option(flags, description).makeOptionMandatory(isRequired);
  if (choices !== undefined) added.choices(choices);
  if (parse !== undefined) added.argParser(parse);
  if (option.default !== undefined) added.default(option.default);
  return added;
}

/** The name of an option: `typeFilter` is `type-filter`. */
export function toKebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

type Defined<Value> = {
  readonly [Key in keyof Value as undefined extends Value[Key] ? never : Key]: Value[Key];
} & {
  readonly [Key in keyof Value as undefined extends Value[Key] ? Key : never]?: Exclude<Value[Key], undefined>;
};

/** Leaves out what the user did not give. */
export function given<Value extends object>(value: Value): Defined<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<Value>;
}

/** What an empty list says: that there is nothing at all, or that no entry has what the user asked for. */
export function emptyList(options: {
  /** What the list contains, in the plural. */
  readonly names: string;
  /** The options that leave entries out. */
  readonly filters: object;
  /** The text if the user gave none of them. */
  readonly none: string;
}): string {
  const { names, filters, none } = options;
  return Object.keys(given(filters)).length === 0
    ? none
    : `No ${names} match. Leave out an option to see more of them.`;
}
