import { inWords, isForPrograms, textOf, titleOf, withoutNames } from '@bulkhead/client';

interface Coded {
  readonly code: string;
  readonly message: string;
}

/** What people read about an error: what is wrong, and what to do. */
export function errorText({ code, message }: Coded) {
  return { title: titleOf('error', code), text: textOf('error', { code, message }) };
}

export function warningText({ code, message }: Coded) {
  return { title: titleOf('warning', code), text: textOf('warning', { code, message }) };
}

interface MaybeCoded {
  readonly code?: string | undefined;
  readonly message: string;
  /** Whether the code is that of a warning. */
  readonly isWarning?: boolean;
}

/** The message of an event or of a record that may have a code. */
export function messageText({ code, message, isWarning = false }: MaybeCoded): string {
  if (code === undefined || !isForPrograms(message)) return withoutNames(message);
  return withoutNames((isWarning ? warningText : errorText)({ code, message }).text);
}

/** The name of a field of the API as its label: `typeFilters.0` is "Type filters". */
export function labelOf(path: string): string {
  const name = path.split('.').findLast((part) => !/^\d*$/.test(part)) ?? 'request';
  const words = inWords(name.replace(/^_/, ''));
  return words.charAt(0).toUpperCase() + words.slice(1);
}
