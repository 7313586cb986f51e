import { ExpressionError } from './expression-error.ts';

export type TokenKind = 'identifier' | 'string' | 'number' | 'temporal' | 'variable' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** The name, the content of a string, the number or the sign. */
  readonly text: string;
  /** The index of its first character. */
  readonly at: number;
}

/** White space and comments: https://hl7.org/fhirpath/N1/#comments. */
const ignored = /(?:\s+|\/\/[^\n]*|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/)/y;
const patterns: readonly { readonly kind: TokenKind; readonly pattern: RegExp }[] = [
  { kind: 'identifier', pattern: /\$this|[A-Za-z_][A-Za-z0-9_]*/y },
  { kind: 'number', pattern: /\d+(?:\.\d+)?/y },
  { kind: 'variable', pattern: /%[A-Za-z_][A-Za-z0-9_]*/y },
  {
    kind: 'temporal',
    pattern:
      /@(?:T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?|\d{4}(?:-\d\d(?:-\d\d)?)?(?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)?)/y,
  },
  { kind: 'symbol', pattern: /<=|>=|!=|[.()[\],=<>+\-*/{}]/y },
];

/** Views come from outside, and no expression of the published views has a tenth of this length. */
const maxExpressionCharacters = 10_000;

/** Splits an expression into tokens, of which the last is `end`. @throws ExpressionError */
export function readTokens(text: string): Token[] {
  if (text.length > maxExpressionCharacters) {
    const reason = `The expression has more than ${maxExpressionCharacters} characters.`;
    throw new ExpressionError({ text, at: maxExpressionCharacters, reason });
  }
  const tokens: Token[] = [];
  let at = skipIgnored(text, 0);
  while (at < text.length) {
    const { token, end } = text[at] === "'" || text[at] === '`' ? readQuoted(text, at) : readToken(text, at);
    tokens.push(token);
    at = skipIgnored(text, end);
  }
  return [...tokens, { kind: 'end', text: '', at }];
}

function skipIgnored(text: string, start: number): number {
  let at = start;
  for (;;) {
    ignored.lastIndex = at;
    if (!ignored.test(text)) {
      // It would be searched for its end again at each of its characters.
      if (text.startsWith('/*', at)) throw new ExpressionError({ text, at, reason: 'The comment has no end.' });
      return at;
    }
    at = ignored.lastIndex;
  }
}

function readToken(text: string, at: number) {
  for (const { kind, pattern } of patterns) {
    pattern.lastIndex = at;
    const match = pattern.exec(text)?.[0];
    if (match !== undefined) return { token: { kind, text: match, at }, end: at + match.length };
  }
  throw new ExpressionError({ text, at, reason: `${JSON.stringify(text[at])} is not expected here.` });
}

const escapes: Readonly<Record<string, string>> = { f: '\f', n: '\n', r: '\r', t: '\t' };

/** Reads a string, or an identifier in backticks. */
function readQuoted(text: string, start: number) {
  const quote = text[start];
  let content = '';
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at] as string;
    if (character === quote) {
      return {
        token: { kind: quote === "'" ? 'string' : 'identifier', text: content, at: start } as const,
        end: at + 1,
      };
    }
    if (character !== '\\') {
      content += character;
      continue;
    }
    const { escaped, length } = readEscape(text, at);
    content += escaped;
    at += length - 1;
  }
  throw new ExpressionError({ text, at: start, reason: `The ${quote} has no matching ${quote}.` });
}

function readEscape(text: string, at: number) {
  const letter = text[at + 1] ?? '';
  const unicode = /^\\u([0-9a-fA-F]{4})/.exec(text.slice(at, at + 6));
  if (unicode) return { escaped: String.fromCharCode(Number.parseInt(unicode[1] as string, 16)), length: 6 };
  const escaped = escapes[letter] ?? ('\'"`\\/'.includes(letter) && letter !== '' ? letter : undefined);
  if (escaped === undefined)
    throw new ExpressionError({ text, at, reason: `${JSON.stringify(`\\${letter}`)} is not an escape of FHIRPath.` });
  return { escaped, length: 2 };
}
