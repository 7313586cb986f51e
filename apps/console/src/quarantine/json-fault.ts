import { type ParseError, type ParseErrorCode, parse, printParseErrorCode } from 'jsonc-parser';

/** Where and why JSON breaks. */
export interface JsonFault {
  /** What is wrong, in a sentence. */
  readonly text: string;
  /** The text around the place: before it, the character at it (empty at the end), and after it. */
  readonly before: string;
  readonly at: string;
  readonly after: string;
  /** The place, counted from 1. */
  readonly position: number;
}

/** Enough to recognise the place in a line of many kilobytes. */
const shownCharacters = 60;

/**
 * Finds the first place where a line stops to be JSON. Browsers do not say it for every fault.
 * @returns undefined if the line is JSON
 */
export function jsonFault(line: string): JsonFault | undefined {
  // Control characters inside of strings are accepted, as EHRs send them.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters.
  const json = line.replaceAll(/[\u0000-\u001f]/g, ' ');
  const errors: ParseError[] = [];
  parse(json, errors, { disallowComments: true, allowEmptyContent: false });
  const [first] = errors;
  if (!first) return undefined;
  const { offset, error } = first;
  return {
    text: texts[printParseErrorCode(error as ParseErrorCode)] ?? 'This is not valid JSON.',
    before: json.slice(Math.max(offset - shownCharacters, 0), offset),
    at: json.slice(offset, offset + 1),
    after: json.slice(offset + 1, offset + 1 + shownCharacters),
    position: offset + 1,
  };
}

const texts: Readonly<Record<string, string>> = {
  InvalidSymbol: 'This is not a JSON value. A text needs quotation marks.',
  InvalidNumberFormat: 'This is not a JSON number.',
  PropertyNameExpected: 'The name of a field is missing here.',
  ValueExpected: 'A value is missing here.',
  ColonExpected: 'A colon is missing here.',
  CommaExpected: 'A comma is missing here.',
  CloseBraceExpected: 'A closing brace } is missing here.',
  CloseBracketExpected: 'A closing bracket ] is missing here.',
  EndOfFileExpected: 'The line should end here.',
  InvalidCommentToken: 'JSON has no comments.',
  UnexpectedEndOfString: 'The text that begins here has no closing quotation mark.',
  UnexpectedEndOfNumber: 'The number ends too early.',
  InvalidUnicode: 'A Unicode escape needs four hexadecimal digits.',
  InvalidEscapeCharacter: 'JSON has no such escape.',
};
