import { ExpressionError } from './expression-error.ts';
import { readTokens, type Token } from './lexer.ts';

/** A parsed expression. `at` is the index of its name or sign in the text. */
export type Expression = { readonly at: number } & (
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

/** Each level is a few calls on the stack, and expressions of people have a tenth of this. */
const maxDepth = 100;

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
    this.#depth += 1;
    if (this.#depth > maxDepth) throw this.#error(this.#peek(), `The expression has more than ${maxDepth} levels.`);
    let left = this.#readUnary();
    for (;;) {
      const { text: sign, at, kind } = this.#peek();
      if (kind === 'identifier' && otherOperators.includes(sign))
        throw this.#error(this.#peek(), `The operator \`${sign}\` is not supported in views.`);
      const binding = kind === 'symbol' || kind === 'identifier' ? bindingOf(sign) : undefined;
      if (binding === undefined || binding <= precedence) break;
      this.#next += 1;
      left = { kind: 'binary', operator: sign as Operator, left, right: this.readExpression(binding), at };
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
    this.#depth += 1;
    if (this.#depth > maxDepth) throw this.#error(this.#peek(), `The expression has more than ${maxDepth} levels.`);
    const operand = this.#readUnary();
    this.#depth -= 1;
    return text === '-' ? { kind: 'negative', operand, at } : operand;
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
        target = { kind: 'index', target, index, at };
      } else return target;
    }
  }

  #readTerm(): Expression {
    const token = this.#peek();
    const { kind, text, at } = token;
    if (kind === 'identifier') return this.#readInvocation(undefined);
    if (kind === 'end') throw this.#unexpected(token);
    this.#next += 1;
    if (kind === 'string' || kind === 'number') return { kind: 'literal', form: kind, text, at };
    if (kind === 'temporal') return { kind: 'literal', form: kind, text: text.slice(1), at };
    if (kind === 'variable') return { kind: 'variable', name: text.slice(1), at };
    if (text === '{') {
      this.#expect('}');
      return { kind: 'empty', at };
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
    if (name === '$this' && target === undefined && !isQuoted) return { kind: 'this', at };
    if (this.#take('(')) return { kind: 'call', target, name, args: this.#readArguments(), at };
    if (target === undefined && !isQuoted && (name === 'true' || name === 'false'))
      return { kind: 'literal', form: 'boolean', text: name, at };
    return { kind: 'member', target, name, at };
  }

  #readArguments(): Expression[] {
    if (this.#take(')')) return [];
    const args = [this.readExpression(0)];
    while (this.#take(',')) args.push(this.readExpression(0));
    this.#expect(')');
    return args;
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
