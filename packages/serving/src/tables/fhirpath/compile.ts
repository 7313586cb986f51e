import { parseExact } from '@bulkhead/fhir';
import { temporalElements } from './choice-elements.ts';
import { flatMap, isElement, singleOf, truthOf } from './collections.ts';
import { combine, compare, equals } from './compare.ts';
import { type Compile, type Compiled, type Constant, current, type Evaluate, type Fail } from './compiled.ts';
import { calculate, isNumeric } from './decimal.ts';
import { EvaluationError, ExpressionError } from './expression-error.ts';
import { compileCall, readerOf } from './functions.ts';
import { type Expression, parseExpression } from './parser.ts';
import { temporalTypes } from './temporal.ts';

/*
 * An expression is compiled once into functions that call each other, and then applied to each resource:
 *
 *     text --> lexer --> parser --> Expression --> compile --> Evaluate, a function of an item
 *
 * Nothing is looked up by name while a resource is read.
 */

/** Compiles an expression. @throws ExpressionError that says where it is wrong */
export function compileExpression(options: {
  readonly text: string;
  readonly constants: ReadonlyMap<string, Constant>;
}): Compiled {
  const { text, constants } = options;
  const fail: Fail = (at, reason) => new ExpressionError({ text, at, reason });
  const compile: Compile = (expression) => counted(compileNode({ expression, compile, fail, constants }));
  return compile(parseExpression(text));
}

/** Every part of an expression is a step of the budget each time that it is computed. */
function counted({ evaluate, type }: Compiled): Compiled {
  return {
    evaluate: (node, scope) => {
      scope.budget.spend(1);
      return evaluate(node, scope);
    },
    type,
  };
}

type CompileNode<Kind extends Expression['kind']> = {
  readonly compile: Compile;
  readonly fail: Fail;
  readonly expression: Extract<Expression, { readonly kind: Kind }>;
  readonly constants: ReadonlyMap<string, Constant>;
};

function compileNode(options: CompileNode<Expression['kind']>): Compiled {
  const { expression } = options;
  switch (expression.kind) {
    case 'literal':
      return compileLiteral(expression);
    case 'empty':
      return { evaluate: () => undefined, type: undefined };
    case 'this':
      return current;
    case 'variable':
      return compileVariable({ ...options, expression });
    case 'member':
      return compileMember({ ...options, expression });
    case 'index':
      return compileIndex({ ...options, expression });
    case 'binary':
      return compileBinary({ ...options, expression });
    case 'negative':
      return compileNegative({ ...options, expression });
    case 'call':
      return compileInvocation({ ...options, expression });
  }
}

function compileLiteral({ form, text }: Extract<Expression, { readonly kind: 'literal' }>): Compiled {
  if (form === 'string') return { evaluate: () => text, type: 'string' };
  if (form === 'boolean') return { evaluate: () => text === 'true', type: 'boolean' };
  if (form === 'number') {
    const value = parseExact(withoutLeadingZeros(text));
    return { evaluate: () => value, type: text.includes('.') ? 'decimal' : 'integer' };
  }
  const time = text.startsWith('T') ? text.slice(1) : text.replace(/T$/, '');
  const type = text.startsWith('T') ? 'time' : text.includes('T') ? 'dateTime' : 'date';
  return { evaluate: () => time, type };
}

/** JSON does not allow leading zeros, and FHIRPath does. */
function withoutLeadingZeros(text: string): string {
  return text.replace(/^0+(?=\d)/, '');
}

function compileVariable({ expression: { name, at }, constants, fail }: CompileNode<'variable'>): Compiled {
  if (name === 'rowIndex') return { evaluate: (_, scope) => scope.rowIndex, type: 'integer' };
  if (name === 'resource') return { evaluate: (_, scope) => scope.resource, type: undefined };
  const constant = constants.get(name);
  if (!constant) throw fail(at, `\`%${name}\` is not a constant of the view.`);
  const { value, type } = constant;
  return { evaluate: () => value, type };
}

function compileInvocation({ expression, compile, fail }: CompileNode<'call'>): Compiled {
  const { target: written, name, args, at } = expression;
  const call = {
    get target() {
      return written === undefined ? current : compile(written);
    },
    written,
    args,
    compile,
    fail,
  };
  return compileCall({ name, at, call });
}

function compileMember({ expression, compile }: CompileNode<'member'>): Compiled {
  const { name, target } = expression;
  // Elements begin with a small letter, so this is the type of the resource, as in `Patient.name`.
  if (target === undefined && /^[A-Z]/.test(name)) {
    return { evaluate: (node) => (isElement(node) && node.resourceType === name ? node : undefined), type: undefined };
  }
  const read = readerOf(name);
  if (target === undefined) return { evaluate: read, type: undefined };
  const { evaluate } = compile(target);
  return {
    evaluate: (node, scope) => flatMap(evaluate(node, scope), (item) => read(item, scope), scope.budget),
    type: undefined,
  };
}

function compileIndex({ expression: { target, index }, compile }: CompileNode<'index'>): Compiled {
  const { evaluate, type } = compile(target);
  const { evaluate: evaluateIndex } = compile(index);
  return {
    evaluate: (node, scope) => {
      const position = singleOf(evaluateIndex(node, scope), 'An index');
      if (position === undefined) return undefined;
      if (!Number.isInteger(position)) throw new EvaluationError('An index is not a whole number.');
      const value = evaluate(node, scope);
      if (Array.isArray(value)) return value[position as number];
      return position === 0 ? value : undefined;
    },
    type,
  };
}

function compileBinary({ expression, compile }: CompileNode<'binary'>): Compiled {
  const { operator } = expression;
  const left = compile(expression.left);
  const right = compile(expression.right);
  const isTemporal = areTemporal(expression, [left.type, right.type]);
  const sides = { left: left.evaluate, right: right.evaluate };
  switch (operator) {
    case 'and':
    case 'or':
      return { evaluate: logical(operator, sides), type: 'boolean' };
    case '=':
      return {
        evaluate: (node, scope) =>
          equals({ left: sides.left(node, scope), right: sides.right(node, scope), isTemporal, budget: scope.budget }),
        type: 'boolean',
      };
    case '!=':
      return {
        evaluate: (node, scope) => {
          const [left, right] = [sides.left(node, scope), sides.right(node, scope)];
          const isEqual = equals({ left, right, isTemporal, budget: scope.budget });
          return isEqual === undefined ? undefined : !isEqual;
        },
        type: 'boolean',
      };
    case '+':
    case '-':
    case '*':
    case '/':
      return {
        evaluate: (node, scope) =>
          combine({ operator, left: sides.left(node, scope), right: sides.right(node, scope), budget: scope.budget }),
        type: left.type === 'string' ? 'string' : 'decimal',
      };
    default:
      return {
        evaluate: (node, scope) =>
          compare({
            operator,
            left: sides.left(node, scope),
            right: sides.right(node, scope),
            isTemporal,
            budget: scope.budget,
          }),
        type: 'boolean',
      };
  }
}

/** Whether two sides are compared as dates or times. A text that is written in the expression is compared as a text. */
function areTemporal(
  { left, right }: Pick<CompileNode<'binary'>['expression'], 'left' | 'right'>,
  types: readonly (string | undefined)[],
): boolean {
  if (types.some((type) => temporalTypes.includes(type ?? ''))) return true;
  return !types.includes('string') && (readsTemporal(left) || readsTemporal(right));
}

/** These return items of their target. */
const selecting: readonly string[] = ['where', 'first', 'lowBoundary', 'highBoundary'];

function readsTemporal(expression: Expression): boolean {
  if (expression.kind === 'member') return temporalElements.has(expression.name);
  if (expression.kind === 'index') return readsTemporal(expression.target);
  const { target, name } = expression.kind === 'call' ? expression : { target: undefined, name: '' };
  return target !== undefined && selecting.includes(name) && readsTemporal(target);
}

/** The logic of three values: https://hl7.org/fhirpath/N1/#boolean-logic. The first side that decides is enough. */
function logical(
  operator: 'and' | 'or',
  { left, right }: { readonly left: Evaluate; readonly right: Evaluate },
): Evaluate {
  const deciding = operator === 'or';
  const purpose = `\`${operator}\``;
  return (node, scope) => {
    const first = truthOf(left(node, scope), purpose);
    if (first === deciding) return deciding;
    const second = truthOf(right(node, scope), purpose);
    if (second === deciding) return deciding;
    return first === undefined || second === undefined ? undefined : !deciding;
  };
}

function compileNegative({ expression: { operand }, compile }: CompileNode<'negative'>): Compiled {
  const { evaluate, type } = compile(operand);
  return {
    evaluate: (node, scope) => {
      const value = singleOf(evaluate(node, scope), '`-`');
      if (value === undefined) return undefined;
      if (!isNumeric(value)) throw new EvaluationError('`-` can be applied to numbers only.');
      return calculate({ operator: '-', left: 0, right: value, budget: scope.budget });
    },
    type,
  };
}
