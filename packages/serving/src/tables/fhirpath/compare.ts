import type { Budget } from './budget.ts';
import { type Collection, isElement, itemsOf, singleOf } from './collections.ts';
import { calculate, compareNumbers, isNumeric } from './decimal.ts';
import { EvaluationError } from './expression-error.ts';
import { compareTemporal, isTemporalText, stepsOfTemporal } from './temporal.ts';

export type Comparison = '<' | '<=' | '>' | '>=';

/** Whether two collections are equal. Undefined if one is empty, or if the precision of two dates does not say it. */
export function equals({ left, right, ...options }: Pair): boolean | undefined {
  if (left === undefined || right === undefined) return undefined;
  if (!Array.isArray(left) && !Array.isArray(right)) return itemsEqual({ left, right, ...options });
  const [first, second] = [itemsOf(left), itemsOf(right)];
  if (first.length !== second.length) return false;
  return first.every((item, index) => itemsEqual({ left: item, right: second[index], ...options }));
}

/** What is compared. */
interface Pair {
  readonly left: Collection;
  readonly right: Collection;
  readonly isTemporal: boolean;
  readonly budget: Budget;
}

function itemsEqual({ left, right, isTemporal, budget }: Pair): boolean | undefined {
  budget.spend(1);
  if (typeof left === 'string' && typeof right === 'string') {
    budget.spendText(Math.min(left.length, right.length));
    if (left === right || !isTemporal) return left === right;
    budget.spend(2 * stepsOfTemporal);
    const order = orderOfTexts(left, right);
    return order === undefined ? undefined : order === 0;
  }
  if (left === right) return true;
  if (isNumeric(left) && isNumeric(right)) return compareNumbers({ left, right, budget }) === 0;
  const isSame = (one: unknown, other: unknown) => itemsEqual({ left: one, right: other, isTemporal: false, budget });
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, index) => isSame(item, right[index]) === true);
  if (!isElement(left) || !isElement(right)) return false;
  const keys = Object.keys(left);
  budget.spend(keys.length);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && isSame(left[key], right[key]) === true)
  );
}

/** @throws EvaluationError if the values have no order */
export function compare(options: Pair & { readonly operator: Comparison }): boolean | undefined {
  const { operator, isTemporal, budget } = options;
  const [left, right] = [singleOf(options.left, `\`${operator}\``), singleOf(options.right, `\`${operator}\``)];
  if (left === undefined || right === undefined) return undefined;
  const order = orderOf({ operator, left, right, isTemporal, budget });
  if (order === undefined) return undefined;
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  return operator === '>' ? order > 0 : order >= 0;
}

function orderOf(options: Pair & { readonly operator: Comparison }): number | undefined {
  const { operator, left, right, isTemporal, budget } = options;
  if (isNumeric(left) && isNumeric(right)) return compareNumbers({ left, right, budget });
  if (typeof left !== 'string' || typeof right !== 'string')
    throw new EvaluationError(`\`${operator}\` cannot compare ${kindOf(left)} with ${kindOf(right)}.`);
  budget.spendText(left.length + right.length);
  if (!isTemporal) return textOrder(left, right);
  budget.spend(2 * stepsOfTemporal);
  return orderOfTexts(left, right);
}

/** An element that is a date in one place can be another text in another one. */
function orderOfTexts(left: string, right: string): number | undefined {
  return isTemporalText(left) || isTemporalText(right) ? compareTemporal(left, right) : textOrder(left, right);
}

function textOrder(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** Adds, subtracts, multiplies or divides numbers exactly. `+` also joins texts. @throws EvaluationError for other values */
export function combine(options: Omit<Pair, 'isTemporal'> & { readonly operator: '+' | '-' | '*' | '/' }): unknown {
  const { operator, budget } = options;
  const [left, right] = [singleOf(options.left, `\`${operator}\``), singleOf(options.right, `\`${operator}\``)];
  if (left === undefined || right === undefined) return undefined;
  if (isNumeric(left) && isNumeric(right)) return calculate({ operator, left, right, budget });
  if (operator === '+' && typeof left === 'string' && typeof right === 'string') {
    budget.spendText(left.length + right.length);
    return left + right;
  }
  throw new EvaluationError(`\`${operator}\` cannot be applied to ${kindOf(left)} and ${kindOf(right)}.`);
}

/** What a value is, for messages. The value itself is a patient's. */
export function kindOf(value: unknown): string {
  if (isNumeric(value)) return 'a number';
  if (typeof value === 'string') return 'a text';
  return typeof value === 'boolean' ? 'a boolean' : 'an element with parts';
}
