import texts from './code-texts.json' with { type: 'json' };

/*
 * What people read about a code. `pnpm docs:errors` writes the texts from the tables of all features.
 *
 *     the API: { code, message }    message is for programs: it may name fields and routes
 *     people:  a title and a text   the advice of the table instead of a message that is always the same; a message with values always
 *                                   stays, in words: without backticks and without sentences that name a route
 */

interface CodeText {
  readonly title: string;
  readonly advice: string;
  /** The messages of the API that are always the same, one a line. */
  readonly messages?: string;
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

/** @returns undefined if the message says no more than the title and the advice */
function messageOf(kind: Kind, { code, message, toShown = String }: Coded): string | undefined {
  const shown = toShown(message);
  if (!hasFixedMessage(kind, { code, message })) return inSentences(shown) || undefined;
  // A message that was rewritten fits the reader better than an advice for all readers.
  return shown !== message && !isForPrograms(shown) ? shown : undefined;
}

/** Whether the message is always the same, so that a text for people can replace it. */
export function hasFixedMessage(kind: Kind, { code, message }: Pick<Coded, 'code' | 'message'>): boolean {
  return tables[kind][code]?.messages?.split('\n').includes(message) ?? false;
}

/** A message without the sentences that name a route, and in words except for commands. */
function inSentences(message: string): string {
  const sentences = message.split(/(?<=[.!?]) (?=[A-Z])/);
  const kept = sentences.filter((sentence) => !route.test(sentence.replace(command, ''))).join(' ');
  return kept
    .split(/(`bulkhead [^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : withoutNames(part)))
    .join('');
}

/** A message without backticks and with the names of fields in words. */
export function withoutNames(message: string): string {
  return message.replaceAll('`', '').replaceAll(/\b[a-z]+(?:[A-Z][a-z]+)+\b/g, inWords);
}

/** The name of a field in words: `typeFilters` is "type filters". */
export function inWords(name: string): string {
  const words = name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.replaceAll(/\b(?:jwks|url)\b/g, (acronym) => acronym.toUpperCase());
}

/** @returns undefined if the code is not about something that one place fixes */
export function fixedAt(kind: Kind, code: string): FixedAt | undefined {
  return tables[kind][code]?.fixedAt as FixedAt | undefined;
}

const route = /\b(?:GET|POST|PUT|PATCH|DELETE) \//;
/** Commands of the command line are for people. */
const command = /`bulkhead [^`]*`/g;

/** Whether a text names a field (in backticks, or in camel case) or a route. */
export function isForPrograms(text: string): boolean {
  const own = text.replace(command, '');
  return /`|\b[a-z]+[A-Z][a-z]/.test(own) || route.test(own);
}
