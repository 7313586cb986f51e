import { isResourceType, readReference } from '@bulkhead/fhir';
import type { Budget } from './budget.ts';
import {
  choiceElements,
  choiceName,
  choiceNames,
  choiceTypes,
  dateElements,
  unnamedChoices,
} from './choice-elements.ts';
import { flatMap, isElement, singleOf, toCollection, truthOf } from './collections.ts';
import { kindOf } from './compare.ts';
import { type Compile, type Compiled, current, type Evaluate, type Fail } from './compiled.ts';
import { boundaryOf, isNumeric, textOf } from './decimal.ts';
import { EvaluationError } from './expression-error.ts';
import type { Expression } from './parser.ts';
import { stepsOfTemporal, type TemporalType, temporalBoundary, temporalTypes } from './temporal.ts';

/** A call, with what its function needs to compile it. */
export interface Call {
  /** Compiled when it is first read. The choice of a type reads another element instead. */
  readonly target: Compiled;
  /** The target as it was written. Undefined for a function of the current item. */
  readonly written: Expression | undefined;
  readonly args: readonly Expression[];
  readonly compile: Compile;
  readonly fail: Fail;
}

interface FunctionRule {
  readonly minArgs: number;
  readonly maxArgs: number;
  readonly compile: (call: Call) => Compiled;
}

const rule = (minArgs: number, maxArgs: number, compile: FunctionRule['compile']): FunctionRule => ({
  minArgs,
  maxArgs,
  compile,
});

/** The functions that views can use: https://sql-on-fhir.org/ig/latest/StructureDefinition-ViewDefinition.html#required-fhirpath-expressionsfunctions. */
const functions: Readonly<Record<string, FunctionRule>> = {
  where: rule(1, 1, compileWhere),
  exists: rule(0, 1, compileExists),
  empty: rule(0, 0, ({ target: { evaluate } }) => ({
    evaluate: (node, scope) => evaluate(node, scope) === undefined,
    type: 'boolean',
  })),
  not: rule(0, 0, ({ target: { evaluate } }) => ({
    evaluate: (node, scope) => {
      const truth = truthOf(evaluate(node, scope), '`not()`');
      return truth === undefined ? undefined : !truth;
    },
    type: 'boolean',
  })),
  first: rule(0, 0, ({ target: { evaluate, type } }) => ({
    evaluate: (node, scope) => {
      const value = evaluate(node, scope);
      return Array.isArray(value) ? value[0] : value;
    },
    type,
  })),
  join: rule(0, 1, compileJoin),
  ofType: rule(1, 1, compileOfType),
  extension: rule(1, 1, compileExtension),
  lowBoundary: rule(0, 0, (call) => compileBoundary(call, 'low')),
  highBoundary: rule(0, 0, (call) => compileBoundary(call, 'high')),
  getResourceKey: rule(0, 0, ({ target: { evaluate } }) => ({
    evaluate: (node, scope) =>
      flatMap(
        evaluate(node, scope),
        (item) => (isElement(item) ? toCollection(item.id, scope.budget) : undefined),
        scope.budget,
      ),
    type: 'id',
  })),
  getReferenceKey: rule(0, 1, compileReferenceKey),
};

/** @throws ExpressionError for an unknown function, or a wrong number of arguments */
export function compileCall(options: { readonly name: string; readonly at: number; readonly call: Call }): Compiled {
  const { name, at, call } = options;
  const known = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (!known) {
    const names = Object.keys(functions).join(', ');
    throw call.fail(at, `\`${name}()\` is not a function of views. They can use ${names}.`);
  }
  const { length } = call.args;
  if (length < known.minArgs || length > known.maxArgs) {
    const range = known.minArgs === known.maxArgs ? `${known.minArgs}` : `${known.minArgs} to ${known.maxArgs}`;
    throw call.fail(at, `\`${name}()\` has ${length} arguments, but it takes ${range}.`);
  }
  return known.compile(call);
}

function compileWhere({ target, args, compile }: Call): Compiled {
  const { evaluate: meets } = compile(args[0] as Expression);
  const { evaluate, type } = target;
  return {
    evaluate: (node, scope) =>
      flatMap(
        evaluate(node, scope),
        (item) => (truthOf(meets(item, scope), 'The criterion of `where()`') === true ? item : undefined),
        scope.budget,
      ),
    type,
  };
}

function compileExists(call: Call): Compiled {
  const { evaluate } = call.args.length > 0 ? compileWhere(call) : call.target;
  return { evaluate: (node, scope) => evaluate(node, scope) !== undefined, type: 'boolean' };
}

/** An empty collection becomes an empty text, as the suite of SQL on FHIR requires. */
function compileJoin({ target: { evaluate }, args: [separator], compile }: Call): Compiled {
  const evaluateSeparator = separator === undefined ? () => '' : compile(separator).evaluate;
  return {
    evaluate: (node, scope) => {
      const between = singleOf(evaluateSeparator(node, scope), 'The separator of `join()`') ?? '';
      if (typeof between !== 'string') throw new EvaluationError('The separator of `join()` is not a text.');
      const value = evaluate(node, scope);
      if (value === undefined) return '';
      if (!Array.isArray(value)) return joined(value);
      const texts = value.map(joined);
      // Counted before the text is made.
      scope.budget.spendText(texts.reduce((sum, text) => sum + text.length + between.length, 0));
      return texts.join(between);
    },
    type: 'string',
  };
}

function joined(item: unknown): string {
  if (typeof item === 'string') return item;
  if (typeof item === 'boolean') return String(item);
  if (isNumeric(item)) return textOf(item);
  throw new EvaluationError(`\`join()\` cannot be applied to ${kindOf(item)}.`);
}

/** JSON has no types, but the name of a choice element has, and a resource says its own. */
function compileOfType(call: Call): Compiled {
  const {
    written,
    args: [argument],
    compile,
    fail,
  } = call;
  const type = typeNamed(argument as Expression, fail);
  const { at } = argument as Expression;
  const isChoice = written?.kind === 'member' && choiceElements.has(written.name);
  if (isChoice && choiceTypes.has(type)) {
    const name = choiceName(written.name, type);
    return { ...compile({ ...written, name }), type };
  }
  const { evaluate } = call.target;
  const isOfType = isResourceType(type) ? ofResourceType(type) : jsonTypes[type];
  if (!isOfType)
    throw fail(at, `\`ofType(${type})\` must directly follow an element with several types, such as \`value\`.`);
  return {
    evaluate: (node, scope) =>
      flatMap(evaluate(node, scope), (item) => (isOfType(item) ? item : undefined), scope.budget),
    type,
  };
}

const ofResourceType = (type: string) => (item: unknown) => isElement(item) && item.resourceType === type;
/** The types that JSON distinguishes. */
const jsonTypes: Readonly<Record<string, ((item: unknown) => boolean) | undefined>> = {
  boolean: (item) => typeof item === 'boolean',
  string: (item) => typeof item === 'string',
  integer: (item) => Number.isInteger(item),
  decimal: isNumeric,
};

/** The extensions of a primitive are in an element beside it, whose name has an underscore. */
function compileExtension(call: Call): Compiled {
  const { written, compile } = call;
  const { evaluate: evaluateUrl } = compile(call.args[0] as Expression);
  // The parent of both is compiled and computed once. Twice in a chain of calls would be twice as much work with each call.
  const isElementName = written?.kind === 'member' && (written.target !== undefined || /^[a-z]/.test(written.name));
  const readers = isElementName ? [readerOf(written.name), readerOf(`_${written.name}`)] : [];
  const parent = !isElementName ? call.target : written.target ? compile(written.target) : current;
  return {
    evaluate: (node, scope) => {
      const { budget } = scope;
      const url = singleOf(evaluateUrl(node, scope), 'The URL of `extension()`');
      const extensionsOf = (item: unknown) =>
        flatMap(
          isElement(item) ? toCollection(item.extension, budget) : undefined,
          (extension) => (isElement(extension) && extension.url === url ? extension : undefined),
          budget,
        );
      const items = parent.evaluate(node, scope);
      if (!isElementName) return flatMap(items, extensionsOf, budget);
      for (const read of readers) {
        const found = flatMap(
          flatMap(items, (item) => read(item, scope), budget),
          extensionsOf,
          budget,
        );
        if (found !== undefined) return found;
      }
      return undefined;
    },
    type: undefined,
  };
}

function compileBoundary({ target, written }: Call, side: 'low' | 'high'): Compiled {
  const { evaluate } = target;
  const type = target.type ?? (written?.kind === 'member' && dateElements.has(written.name) ? 'date' : undefined);
  const temporal = temporalTypes.includes(type ?? '') ? (type as TemporalType) : 'dateTime';
  return {
    evaluate: (node, scope) => {
      const value = singleOf(evaluate(node, scope), `\`${side}Boundary()\``);
      if (isNumeric(value)) return boundaryOf({ value, side, budget: scope.budget });
      if (typeof value === 'string') {
        scope.budget.spendText(value.length);
        scope.budget.spend(stepsOfTemporal);
        return temporalBoundary({ text: value, type: temporal, side });
      }
      if (value === undefined) return undefined;
      throw new EvaluationError(`\`${side}Boundary()\` cannot be applied to ${kindOf(value)}.`);
    },
    type,
  };
}

function compileReferenceKey({ target: { evaluate }, args: [argument], fail }: Call): Compiled {
  const type = argument === undefined ? undefined : typeNamed(argument, fail);
  if (argument !== undefined && !isResourceType(type ?? ''))
    throw fail(argument.at, `\`${type}\` is not a resource type.`);
  const keyOf = (item: unknown, budget: Budget): unknown => {
    const reference = isElement(item) ? item.reference : undefined;
    if (typeof reference !== 'string') return undefined;
    budget.spendText(reference.length);
    const named = readReference(reference);
    return type === undefined || named?.type === type ? named?.id : undefined;
  };
  return {
    evaluate: (node, scope) => flatMap(evaluate(node, scope), (item) => keyOf(item, scope.budget), scope.budget),
    type: 'id',
  };
}

/** Reads `Quantity` or `FHIR.Quantity`. */
function typeNamed(argument: Expression, fail: Fail): string {
  if (argument.kind === 'member') {
    const { target } = argument;
    if (target === undefined) return argument.name;
    if (target.kind === 'member' && target.target === undefined && target.name === 'FHIR') return argument.name;
  }
  throw fail(argument.at, 'The name of a type is expected here.');
}

/** How many names are looked up in the time of a step. */
const namesOfStep = 2;

/** Reads an element of an item. */
export function readerOf(name: string): Evaluate {
  const readPlain: Evaluate = (item, { budget }) => {
    if (!isElement(item)) return undefined;
    const value = item[name];
    // `constructor` is not an element.
    return typeof value === 'function' ? undefined : toCollection(value, budget);
  };
  if (!unnamedChoices.has(name)) return readPlain;
  const names = choiceNames(name);
  return (item, scope) => {
    const plain = readPlain(item, scope);
    if (plain !== undefined || !isElement(item)) return plain;
    scope.budget.spend(names.length / namesOfStep);
    const typed = names.find((candidate) => item[candidate] !== undefined);
    return typed === undefined ? undefined : toCollection(item[typed], scope.budget);
  };
}
