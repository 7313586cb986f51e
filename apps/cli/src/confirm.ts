import type { Context } from './context.ts';
import { CliError } from './exit-codes.ts';

interface Question {
  /** Whether `--yes` was given. */
  readonly yes: boolean | undefined;
  /** The consequence: `delete the schedule sched_1`. */
  readonly what: string;
  /** The participle of its verb: `deleted`. */
  readonly done: string;
  /** What a person must type, if patient data is lost. By default `y` is enough. */
  readonly phrase?: string;
}

/**
 * Asks a person before something that cannot be undone. A program must pass `--yes`.
 * @throws CliError if the person does not agree, or if there is no terminal and no `--yes`
 */
export async function confirm({ ask }: Pick<Context, 'ask'>, { yes, what, done, phrase }: Question): Promise<void> {
  if (yes) return;
  const request = phrase === undefined ? 'Continue? [y/N]' : `Type ${phrase} to continue:`;
  const answer = (await ask(`This will ${what}. ${request} `))?.trim();
  const isConfirmed = phrase === undefined ? /^y(?:es)?$/i.test(answer ?? '') : answer === phrase;
  if (isConfirmed) return;
  throw new CliError('usage', `Nothing was ${done}.${answer === undefined ? ` Add --yes to ${what}.` : ''}`, {
    code: 'not-confirmed',
  });
}
