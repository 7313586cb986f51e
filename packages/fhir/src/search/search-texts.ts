import type { Resource } from '../resources/resource.ts';

// Texts that a search finds by their beginning, whatever their case and accents (https://hl7.org/fhir/R4/search.html#string).
//
// An index can find the beginning of a text, but its entries are then in the order of the texts, and a page would have to sort all matches of
// `name=s`. So the first letters of a text are tokens, which one entry of the index finds in the order of the pages, and the whole text is
// stored beside them and compared. A page of `name=s` or `name=smithers` reads as many patients as it has, and a page of a longer text those that
// begin with its first twelve letters.

/** A search for texts that begin with `prefix`, below any of the names. */
export interface TextCriterion {
  readonly keys: readonly string[];
  /** As `foldText` returns it. */
  readonly prefix: string;
}

/**
 * The longest beginning that is a token. Each shorter one is a token too: with four letters at most, `name=smithers` would read every SMITH of a
 * practice. Only people and places have names, so their entries are a small part of the index.
 */
const longestToken = 12;
const tokenLengths = Array.from({ length: longestToken }, (_, index) => index + 1);

/** Characters of a text that are compared. Longer names do not differ only after this. */
const maxCharacters = 100;
/** A name has a few parts. Each of them costs an entry of an index for each of its first letters. */
const maxTexts = 50;

/**
 * A text without case, accents and repeated spaces. Upper case, because it also makes `ß` the same as `ss` and the two forms of a sigma the
 * same.
 */
export function foldText(text: string): string {
  const folded = text
    .slice(0, 2 * maxCharacters)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toUpperCase();
  return firstOf(folded.split(/\s+/u).filter(Boolean).join(' '), maxCharacters);
}

/** Whole characters, because half of one cannot be stored. */
function firstOf(text: string, count: number): string {
  return [...text].slice(0, count).join('');
}

interface FoundText {
  readonly key: string;
  readonly text: string;
}

/** The texts of a resource that a search can find, and the tokens of their beginnings. */
export function textKeysOf(resource: Resource): {
  readonly texts: readonly string[];
  readonly tokens: readonly string[];
} {
  const found = textsOf(resource).slice(0, maxTexts);
  const folded = found.map(({ key, text }) => ({ key, text: foldText(text) })).filter(({ text }) => text !== '');
  const tokens = folded.flatMap(({ key, text }) => tokenLengths.map((length) => textToken(key, firstOf(text, length))));
  return { texts: [...new Set(folded.map(toStored))], tokens: [...new Set(tokens)] };
}

function toStored({ key, text }: FoundText): string {
  return `${key}=${text}`;
}

/** `^` instead of `=`, so that the beginning of a name is not a code. */
function textToken(key: string, beginning: string): string {
  return `${key}^${beginning}`;
}

/** The tokens of which a match has one, and the ranges of `SearchKeys.texts` of which it has one. Without ranges the tokens suffice. */
export function textCondition(criteria: readonly TextCriterion[]): {
  readonly tokens: readonly string[];
  readonly ranges: readonly { readonly from: string; readonly below: string }[];
} {
  const parts = criteria.flatMap(({ keys, prefix }) => keys.map((key) => ({ key, text: prefix })));
  const tokens = parts.map(({ key, text }) => textToken(key, firstOf(text, tokenLengthOf(text))));
  const isWhole = parts.every(({ text }) => [...text].length === tokenLengthOf(text));
  const ranges = parts.map(toStored).map((from) => ({ from, below: `${from}${lastCharacter}` }));
  return { tokens: [...new Set(tokens)], ranges: isWhole ? [] : ranges };
}

/** The longest token that a text with this beginning has. */
function tokenLengthOf(prefix: string): number {
  return Math.min([...prefix].length, longestToken);
}

/** No text has it, and it follows every other character. */
const lastCharacter = '\u{10FFFF}';

type ReadTexts = (resource: Resource) => readonly FoundText[];

const ofPerson: ReadTexts = ({ name }) => listOf(name).flatMap(partsOfName);
const ofPlace: ReadTexts = ({ name, alias, address }) => [
  ...textsAt('name', name),
  ...textsAt('name', alias),
  ...listOf(address).flatMap((value) => addressParts.flatMap((part) => textsAt('address', memberOf(value, part)))),
];

const addressParts = ['line', 'city', 'district', 'state', 'postalCode', 'country', 'text'];

/** US Core requires a search by name of these types. */
const readers: ReadonlyMap<string, ReadTexts> = new Map([
  ['Patient', ofPerson],
  ['Practitioner', ofPerson],
  ['Organization', ofPlace],
  ['Location', ofPlace],
]);

/** The elements that `textKeysOf` reads. */
export const textElements = ['name', 'alias', 'address'] as const;

export function hasTexts(resourceType: string): boolean {
  return readers.has(resourceType);
}

function textsOf(resource: Resource): readonly FoundText[] {
  return readers.get(resource.resourceType)?.(resource) ?? [];
}

function partsOfName(name: unknown): readonly FoundText[] {
  return [
    ...textsAt('family', memberOf(name, 'family')),
    ...textsAt('given', memberOf(name, 'given')),
    ...['text', 'prefix', 'suffix'].flatMap((part) => textsAt('name', memberOf(name, part))),
  ];
}

function textsAt(key: string, value: unknown): readonly FoundText[] {
  return listOf(value).flatMap((text) => (typeof text === 'string' ? [{ key, text }] : []));
}

/** At most as many elements as are stored. */
function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, maxTexts) : [value];
}

function memberOf(value: unknown, name: string): unknown {
  return (value as Readonly<Record<string, unknown>> | null | undefined)?.[name];
}
