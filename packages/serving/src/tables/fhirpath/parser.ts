import { ExpressionError } from './expression-error.ts';
import { readTokens, type Token } from './lexer.ts';

/** A parsed expression. `at` is the index of its name or sign in the text, and `depth` the number of its levels. */
export type Expression = { readonly at: number; readonly depth: number } & (
  | { readonly kind: 'literal'; readonly form: 'string' | 'number' | 'boolean' | 'temporal'; readonly text: string }
  | { readonly kind: 'empty' | 'this' }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'member'; readonly target: Expression | undefined; readonly name: string }
  | {
      readonly kind: 'call';
      readonly target: Expression | undefined;
      readonly name: string;
      readonly args: readonly Expression[];
    }
  | { readonly kind: 'index'; readonly target: Expression; readonly index: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: Operator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'negative'; readonly operand: Expression }
);

/** How tightly operators bind: https://hl7.org/fhirpath/N1/#operator-precedence. */
const precedences = {
  '*': 6,
  '/': 6,
  '+': 5,
  '-': 5,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '=': 3,
  '!=': 3,
  and: 2,
  or: 1,
} as const;
export type Operator = keyof typeof precedences;

/** Operators of FHIRPath that SQL on FHIR leaves out. Without this list they would look like a forgotten dot. */
const otherOperators = ['div', 'mod', 'is', 'as', 'in', 'contains', 'xor', 'implies'];

/**
 * Each level is a few calls on the stack: `a.b.c` has three, and so have `1 + 2 + 3` and a call in the argument of another. The longest
 * expressions of people compare a code with a list of codes.
 */
const maxDepth = 300;

/** Parses the FHIRPath of a view (https://sql-on-fhir.org/ig/latest/StructureDefinition-ViewDefinition.html) by precedence. @throws ExpressionError */
export function parseExpression(text: string): Expression {
  const parser = new Parser(text);
  const expression = parser.readExpression(0);
  parser.expectEnd();
  return expression;
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = readTokens(text);
  }

  /** Reads an expression whose operators bind tighter than `precedence`. */
  readExpression(precedence: number): Expression {
    this.#enter();
    let left = this.#readUnary();
    for (;;) {
      const { text: sign, at, kind } = this.#peek();
      if (kind === 'identifier' && otherOperators.includes(sign))
        throw this.#error(this.#peek(), `The operator \`${sign}\` is not supported in views.`);
      const binding = kind === 'symbol' || kind === 'identifier' ? bindingOf(sign) : undefined;
      if (binding === undefined || binding <= precedence) break;
      this.#next += 1;
      const right = this.readExpression(binding);
      left = { kind: 'binary', operator: sign as Operator, left, right, at, depth: this.#depthAbove(at, left, right) };
    }
    this.#depth -= 1;
    return left;
  }

  expectEnd(): void {
    const token = this.#peek();
    if (token.kind !== 'end') throw this.#unexpected(token);
  }

  #readUnary(): Expression {
    const { kind, text, at } = this.#peek();
    if (kind !== 'symbol' || (text !== '-' && text !== '+')) return this.#readPath();
    this.#next += 1;
    this.#enter();
    const operand = this.#readUnary();
    this.#depth -= 1;
    return text === '-' ? { kind: 'negative', operand, at, depth: this.#depthAbove(at, operand) } : operand;
  }

  #readPath(): Expression {
    let target = this.#readTerm();
    for (;;) {
      if (this.#take('.')) target = this.#readInvocation(target);
      else if (this.#peek().kind === 'symbol' && this.#peek().text === '[') {
        const { at } = this.#peek();
        this.#next += 1;
        const index = this.readExpression(0);
        this.#expect(']');
        target = { kind: 'index', target, index, at, depth: this.#depthAbove(at, target, index) };
      } else return target;
    }
  }

  #readTerm(): Expression {
    const token = this.#peek();
    const { kind, text, at } = token;
    const depth = 1;
    if (kind === 'identifier') return this.#readInvocation(undefined);
    if (kind === 'end') throw this.#unexpected(token);
    this.#next += 1;
    if (kind === 'string' || kind === 'number') return { kind: 'literal', form: kind, text, at, depth };
    if (kind === 'temporal') return { kind: 'literal', form: kind, text: text.slice(1), at, depth };
    if (kind === 'variable') return { kind: 'variable', name: text.slice(1), at, depth };
    if (text === '{') {
      this.#expect('}');
      return { kind: 'empty', at, depth };
    }
    if (text !== '(') throw this.#unexpected(token);
    const inner = this.readExpression(0);
    this.#expect(')');
    return inner;
  }

  /** Reads an element or a function, of `target` if there is one. */
  #readInvocation(target: Expression | undefined): Expression {
    const token = this.#peek();
    const { kind, text: name, at } = token;
    if (kind !== 'identifier') throw this.#unexpected(token);
    this.#next += 1;
    const isQuoted = this.#text[at] === '`';
    if (name === '$this' && target === undefined && !isQuoted) return { kind: 'this', at, depth: 1 };
    if (this.#take('(')) {
      const args = this.#readArguments();
      return { kind: 'call', target, name, args, at, depth: this.#depthAbove(at, target, ...args) };
    }
    if (target === undefined && !isQuoted && (name === 'true' || name === 'false'))
      return { kind: 'literal', form: 'boolean', text: name, at, depth: 1 };
    return { kind: 'member', target, name, at, depth: this.#depthAbove(at, target) };
  }

  #readArguments(): Expression[] {
    if (this.#take(')')) return [];
    const args = [this.readExpression(0)];
    while (this.#take(',')) args.push(this.readExpression(0));
    this.#expect(')');
    return args;
  }

  /** Goes a level deeper on the stack of this parser, by brackets or signs. */
  #enter(): void {
    this.#depth += 1;
    if (this.#depth > maxDepth) throw this.#tooDeep(this.#peek().at);
  }

  /** The depth of an expression with these parts. @throws ExpressionError if it is too deep */
  #depthAbove(at: number, ...parts: readonly (Expression | undefined)[]): number {
    const depth = 1 + Math.max(0, ...parts.map((part) => part?.depth ?? 0));
    if (depth > maxDepth) throw this.#tooDeep(at);
    return depth;
  }

  #tooDeep(at: number): ExpressionError {
    return new ExpressionError({ text: this.#text, at, reason: `The expression has more than ${maxDepth} levels.` });
  }

  #peek(): Token {
    return this.#tokens[this.#next] as Token;
  }

  #take(symbol: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== 'symbol' || text !== symbol) return false;
    this.#next += 1;
    return true;
  }

  #expect(symbol: string): void {
    const token = this.#peek();
    if (!this.#take(symbol)) throw this.#error(token, `\`${symbol}\` is missing${where(token)}.`);
  }

  #unexpected(token: Token): ExpressionError {
    if (token.kind === 'end') return this.#error(token, 'The expression ends here, but it is not complete.');
    return this.#error(token, `\`${token.text}\` is not expected here.`);
  }

  #error({ at }: Token, reason: string): ExpressionError {
    return new ExpressionError({ text: this.#text, at, reason });
  }
}

function bindingOf(sign: string): number | undefined {
  return Object.hasOwn(precedences, sign) ? precedences[sign as Operator] : undefined;
}

function where({ kind, text }: Token): string {
  return kind === 'end' ? ' at the end' : ` before \`${text}\``;
}
