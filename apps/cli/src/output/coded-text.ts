import { lineOf, textOf, titleOf } from '@bulkhead/client';
import { toCommands } from './routes.ts';

interface Coded {
  readonly code: string;
  readonly message: string;
}

/** Why something failed or waits, in a sentence for a person. */
export function toErrorText({ code, message }: Coded): string {
  return lineOf('error', { code, message, toShown: toCommands });
}

export function toErrorTitle(code: string | undefined): string | undefined {
  return code === undefined ? undefined : titleOf('error', code);
}

interface Run {
  readonly errorCode?: string;
  readonly errorMessage?: string;
}

/** Why an export or a sync has failed. @returns undefined if it has not */
export function toFailureText({ errorCode: code, errorMessage: message }: Run): string | undefined {
  return code === undefined ? message : toErrorText({ code, message: message ?? '' });
}

export function toWarningText({ code, message }: Coded): string {
  return `${titleOf('warning', code)}: ${textOf('warning', { code, message, toShown: toCommands })}`;
}
