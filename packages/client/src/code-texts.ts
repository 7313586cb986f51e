import texts from './code-texts.json' with { type: 'json' };

/*
 * What people read about a code. `pnpm docs:errors` writes the texts from the tables of all features.
 *
 *     the API: { code, message }    message is for programs: it may name fields and routes
 *     people:  a title and a text   the message if it has values and reads well, and the advice of the table otherwise
 */

interface CodeText {
  readonly title: string;
  readonly advice: string;
  /** The message of the API if it is always the same. */
  readonly message?: string;
  readonly fixedAt?: string;
}

/** Where the console offers to fix what a code is about. */
type FixedAt = 'credentials' | 'quarantine';

type Kind = 'error' | 'warning' | 'quarantine';

const tables: Readonly<Record<Kind, Readonly<Record<string, CodeText>>>> = {
  error: texts.errors,
  warning: texts.warnings,
  quarantine: texts.reasons,
};

/** Every code of a kind, for tests. */
export function codesOf(kind: Kind): readonly string[] {
  return Object.keys(tables[kind]);
}

/** @returns what is wrong in a few words. A code of another version is shown in words */
export function titleOf(kind: Kind, code: string): string {
  const inWords = code.replaceAll('-', ' ');
  return tables[kind][code]?.title ?? inWords.charAt(0).toUpperCase() + inWords.slice(1);
}

interface Coded {
  readonly code: string;
  readonly message: string;
  /** Rewrites a message for the reader, for example routes to commands. */
  readonly toShown?: (message: string) => string;
}

/** What happened and what to do, below a title. */
export function textOf(kind: Kind, coded: Coded): string {
  return messageOf(kind, coded) ?? tables[kind][coded.code]?.advice ?? coded.message;
}

/** The same without a title above it. */
export function lineOf(kind: Kind, coded: Coded): string {
  const { code } = coded;
  return messageOf(kind, coded) ?? `${titleOf(kind, code)}. ${tables[kind][code]?.advice ?? coded.message}`;
}

/** @returns undefined if the message is for programs, or says no more than the title and the advice */
function messageOf(kind: Kind, { code, message, toShown = asIs }: Coded): string | undefined {
  const shown = toShown(message);
  // A message that was rewritten fits the reader better than an advice for all readers.
  const hasMore = message !== tables[kind][code]?.message || shown !== message;
  return hasMore && message !== '' && !isForPrograms(shown) ? shown : undefined;
}

/** @returns undefined if the code is not about something that one place fixes */
export function fixedAt(kind: Kind, code: string): FixedAt | undefined {
  return tables[kind][code]?.fixedAt as FixedAt | undefined;
}

const asIs = (message: string) => message;

/** Commands of the command line are for people. */
const command = /`bulkhead [^`]*`/g;

/** Whether a text names a field (in backticks, or in camel case) or a route. */
export function isForPrograms(text: string): boolean {
  return /`|\b[a-z]+[A-Z][a-z]|\b(?:GET|POST|PUT|PATCH|DELETE) \//.test(text.replace(command, ''));
}
