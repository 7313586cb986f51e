import type { Budget } from './budget.ts';
import type { Collection } from './collections.ts';
import type { ExpressionError } from './expression-error.ts';
import type { Expression } from './parser.ts';

/** What an expression can read besides the item. */
export interface Scope {
  /** The position of the item in the collection of the innermost `forEach` or `repeat`, from 0. */
  rowIndex: number;
  /** The resource of the row, which is `%resource`: https://hl7.org/fhir/R4/fhirpath.html#vars. */
  resource: unknown;
  readonly budget: Budget;
}

/** Computes an expression for an item. @throws EvaluationError */
export type Evaluate = (node: unknown, scope: Scope) => Collection;

export interface Compiled {
  readonly evaluate: Evaluate;
  /** The type of the result in FHIR, if the expression says it. */
  readonly type: string | undefined;
}

/** The current item. */
export const current: Compiled = { evaluate: (node) => node, type: undefined };

/** A constant of a view. */
export interface Constant {
  readonly value: unknown;
  readonly type: string;
}

/** Compiles a part of an expression. */
export type Compile = (expression: Expression) => Compiled;
/** Makes the error of a wrong part. @param at the index of the part in the text */
export type Fail = (at: number, reason: string) => ExpressionError;
