import { type Collection, isElement, itemsOf, singleOf } from './collections.ts';
import { calculate, compareNumbers, isNumeric } from './decimal.ts';
import { EvaluationError } from './expression-error.ts';
import { compareTemporal } from './temporal.ts';

export type Comparison = '<' | '<=' | '>' | '>=';

/** Whether two collections are equal. Undefined if one is empty, or if the precision of two dates does not say it. */
export function equals(left: Collection, right: Collection, isTemporal: boolean): boolean | undefined {
  if (left === undefined || right === undefined) return undefined;
  if (!Array.isArray(left) && !Array.isArray(right)) return itemsEqual(left, right, isTemporal);
  const [first, second] = [itemsOf(left), itemsOf(right)];
  if (first.length !== second.length) return false;
  return first.every((item, index) => itemsEqual(item, second[index], isTemporal));
}

function itemsEqual(left: unknown, right: unknown, isTemporal: boolean): boolean | undefined {
  if (left === right) return true;
  if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right) === 0;
  if (isTemporal && typeof left === 'string' && typeof right === 'string') {
    const order = compareTemporal(left, right);
    return order === undefined ? undefined : order === 0;
  }
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((item, index) => itemsEqual(item, right[index], false) === true);
  if (!isElement(left) || !isElement(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && itemsEqual(left[key], right[key], false) === true)
  );
}

/** @throws EvaluationError if the values have no order */
export function compare(options: {
  readonly operator: Comparison;
  readonly left: Collection;
  readonly right: Collection;
  readonly isTemporal: boolean;
}): boolean | undefined {
  const { operator, isTemporal } = options;
  const [left, right] = [singleOf(options.left, `\`${operator}\``), singleOf(options.right, `\`${operator}\``)];
  if (left === undefined || right === undefined) return undefined;
  const order = orderOf({ operator, left, right, isTemporal });
  if (order === undefined) return undefined;
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  return operator === '>' ? order > 0 : order >= 0;
}

function orderOf(options: {
  readonly operator: Comparison;
  readonly left: unknown;
  readonly right: unknown;
  readonly isTemporal: boolean;
}): number | undefined {
  const { operator, left, right, isTemporal } = options;
  if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right);
  if (typeof left !== 'string' || typeof right !== 'string')
    throw new EvaluationError(`\`${operator}\` cannot compare ${kindOf(left)} with ${kindOf(right)}.`);
  if (isTemporal) return compareTemporal(left, right);
  return left < right ? -1 : Number(left > right);
}

/** Adds, subtracts, multiplies or divides numbers exactly. `+` also joins texts. @throws EvaluationError for other values */
export function combine(operator: '+' | '-' | '*' | '/', leftSide: Collection, rightSide: Collection): unknown {
  const [left, right] = [singleOf(leftSide, `\`${operator}\``), singleOf(rightSide, `\`${operator}\``)];
  if (left === undefined || right === undefined) return undefined;
  if (isNumeric(left) && isNumeric(right)) return calculate(operator, left, right);
  if (operator === '+' && typeof left === 'string' && typeof right === 'string') return withinLimit(left + right);
  throw new EvaluationError(`\`${operator}\` cannot be applied to ${kindOf(left)} and ${kindOf(right)}.`);
}

/** No document of the database is longer, so no text of a resource is. */
const maxTextCharacters = 16 * 1024 * 1024;

/** @throws EvaluationError for a text that an expression has made too long */
export function withinLimit(text: string): string {
  if (text.length <= maxTextCharacters) return text;
  throw new EvaluationError('A text is longer than 16 MB.');
}

/** What a value is, for messages. The value itself is a patient's. */
export function kindOf(value: unknown): string {
  if (isNumeric(value)) return 'a number';
  if (typeof value === 'string') return 'a text';
  return typeof value === 'boolean' ? 'a boolean' : 'an element with parts';
}
