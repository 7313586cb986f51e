import { InvalidArgumentError } from 'commander';

/** An option whose value has the type `Value`. */
export interface OptionOf<Value> {
  readonly description: string;
  /** What follows the name, such as `<id>`. An option without it is a switch. */
  readonly argument?: string;
  readonly choices?: readonly string[];
  readonly parse?: (text: string, previous: unknown) => unknown;
  readonly default?: unknown;
  readonly isRequired?: boolean;
  /** Whether the name begins with `--no-`. */
  readonly isNegated?: boolean;
  /** Only for the compiler. No option has this property. */
  readonly value?: Value;
}

/** The kinds of options. */
export const option = {
  text(argument: string, description: string): OptionOf<string | undefined> {
    return { argument, description };
  },

  flag(description: string): OptionOf<boolean | undefined> {
    return { description };
  },

  /** Is true unless the option, whose name begins with `--no-`, is given. */
  unless(description: string): OptionOf<boolean> {
    return { description, isNegated: true };
  },

  choice<const Value extends string>(
    argument: string,
    options: { readonly of: readonly Value[]; readonly description: string },
  ): OptionOf<Value | undefined> {
    return { argument, description: options.description, choices: options.of };
  },

  wholeNumber(argument: string, description: string): OptionOf<number | undefined> {
    return { argument, description, parse: toWholeNumber };
  },

  /** A timestamp. A date means its midnight in UTC. */
  instant(description: string): OptionOf<string | undefined> {
    return { argument: '<time>', description, parse: toInstant };
  },

  /** A comma-separated list. */
  list(argument: string, description: string): OptionOf<string[] | undefined> {
    return { argument, description, parse: toList };
  },

  /** An option that can be given several times. Its values may contain commas. */
  repeated(argument: string, description: string): OptionOf<string[] | undefined> {
    const parse = (value: string, previous: unknown) => [...((previous as string[] | undefined) ?? []), value];
    return { argument, description: `${description} (can be repeated)`, parse };
  },

  required<Value>(of: OptionOf<Value>): OptionOf<Exclude<Value, undefined>> {
    return { ...(of as OptionOf<Exclude<Value, undefined>>), isRequired: true };
  },

  withDefault<Value>(of: OptionOf<Value>, value: Exclude<Value, undefined>): OptionOf<Exclude<Value, undefined>> {
    return { ...(of as OptionOf<Exclude<Value, undefined>>), default: value };
  },

  ofConnection(what: string): OptionOf<string | undefined> {
    return { argument: '<id>', description: `only ${what} of this connection` };
  },
};

/** Options of several commands. */
export const yes = option.flag('do not ask for confirmation');
/** The options of a list that has pages. */
export const pages = (what: string, limit: number) => ({
  limit: option.withDefault(option.wholeNumber('<n>', `maximum number of ${what}`), limit),
  cursor: option.text('<cursor>', 'continue after an earlier page'),
});

function toList(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function toInstant(value: string): string {
  return /^\d{4}-\d\d-\d\d$/.test(value) ? `${value}T00:00:00Z` : value;
}

function toWholeNumber(value: string): number {
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('It must be a whole number.');
}
