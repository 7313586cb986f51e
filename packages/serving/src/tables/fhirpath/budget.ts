import { EvaluationError } from './expression-error.ts';

/*
 * A view is a program of its caller, so what it computes has a budget. It is counted in steps and not in time, so that a view that is
 * accepted once is accepted on a busy machine, too. A step is a part of an expression for one item, an item of a list, a cell of a row, or
 * 16 characters of a text or of a number: 20 to 60 ns each.
 */

/** All rows of a resource are made at once. This many steps take up to 60 ms. Published views need some hundred. */
const stepsOfResource = 1_000_000;
/** Short tables may be made by costly views. */
const stepsOfAnyView = 20_000_000;
/** What each resource adds. A view of a hundred columns needs some thousand steps. */
const stepsForEachResource = 5000;
const charactersOfStep = 16;
/** Short tables may have large rows. */
const bytesOfAnyView = 250_000_000;
/** What each resource adds. Three rows of a hundred columns need as much as JSON. */
const bytesForEachResource = 10_000;

/** What the rows of a table may cost. */
export class Budget {
  readonly hasTotal: boolean;
  /** The steps of the current resource. */
  #spent = 0;
  #left = stepsOfAnyView;
  #bytesLeft = bytesOfAnyView;

  /** @param options.hasTotal whether the whole table has a budget, too. Otherwise only each resource has one. */
  constructor({ hasTotal }: { readonly hasTotal: boolean }) {
    this.hasTotal = hasTotal;
  }

  /** Begins the rows of a resource. @throws BudgetError if the resources before it have used up the budget of the table */
  startResource(): void {
    this.#left += stepsForEachResource - this.#spent;
    this.#bytesLeft += bytesForEachResource;
    this.#spent = 0;
    if (this.hasTotal && this.#left < 0)
      throw tooManySteps(
        `a table may have ${count(stepsOfAnyView)}, and ${count(stepsForEachResource)} for each resource`,
      );
  }

  /** Counts what is sent of the table. @throws BudgetError if the table has used up its bytes */
  write(bytes: number): void {
    this.#bytesLeft -= bytes;
    if (this.hasTotal && this.#bytesLeft < 0)
      throw new BudgetError(
        `The table is too large: a table may have ${count(bytesOfAnyView)} bytes, and ${count(bytesForEachResource)} for each resource.`,
      );
  }

  /** The steps of the current resource. */
  get spent(): number {
    return this.#spent;
  }

  /** @throws BudgetError if the resource has used up its budget */
  spend(steps: number): void {
    this.#spent += steps;
    if (this.#spent > stepsOfResource) throw tooManySteps(`the rows of a resource may have ${count(stepsOfResource)}`);
  }

  /** Counts a text that is read, compared or made. @throws BudgetError like `spend` */
  spendText(characters: number): void {
    this.spend(characters / charactersOfStep);
  }
}

/** A view that costs too much. */
export class BudgetError extends EvaluationError {}

function tooManySteps(limit: string): BudgetError {
  return new BudgetError(
    `The view needs too many steps: ${limit}. A step is a part of an expression, an item of a list, a cell, or ${charactersOfStep} characters of a text.`,
  );
}

function count(amount: number): string {
  return amount.toLocaleString('en');
}
