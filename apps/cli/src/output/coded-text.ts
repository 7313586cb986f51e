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

export function toErrorTitle(error: { readonly code: string } | undefined): string | undefined {
  return error && titleOf('error', error.code);
}

export function toWarningText({ code, message }: Coded): string {
  return `${titleOf('warning', code)}: ${textOf('warning', { code, message, toShown: toCommands })}`;
}
