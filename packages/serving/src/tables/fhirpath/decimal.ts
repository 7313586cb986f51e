import { ExactNumber } from '@bulkhead/fhir';
import type { Budget } from './budget.ts';
import { EvaluationError } from './expression-error.ts';

/*
 * Exact arithmetic on the numbers of resources. A number is a JavaScript number if its text survives a double, and an `ExactNumber`
 * otherwise, so `1.50` keeps its precision. Nothing here computes with doubles, except for whole numbers that are exact.
 */

export type Numeric = number | ExactNumber;

/** The number is `digits * 10 ** -scale`. The scale is the precision: `1.50` has 2, `1e2` has -2. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

const powers = Array.from({ length: 64 }, (_, exponent) => 10n ** BigInt(exponent));

/** A power of ten. The usual ones are computed once. */
export function powerOfTen(exponent: number): bigint {
  return powers[exponent] ?? 10n ** BigInt(exponent);
}

const numberPattern = /^([+-]?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,9}))?$/;
/** FHIR asks for 18 digits. Aligning `1e9999999` with a small number would need megabytes, and a million digits seconds. */
const maxDigits = 1000;
/** The digits of a quotient after those of its operands, more than the 8 that FHIRPath requires. */
const quotientDigits = 20;

export function isNumeric(value: unknown): value is Numeric {
  return typeof value === 'number' || value instanceof ExactNumber;
}

export function textOf(value: Numeric): string {
  return typeof value === 'number' ? String(value) : value.text;
}

/** @throws EvaluationError if the number is too large or too small to compute with */
export function toDecimal(value: Numeric): Decimal {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = numberPattern.exec(textOf(value)) ?? [];
  const scale = fraction.length - Number(exponent);
  if (whole === '' || Math.max(whole.length, fraction.length, Math.abs(scale)) > maxDigits)
    throw new EvaluationError('A number is out of range.');
  const digits = BigInt(whole + fraction);
  return { digits: sign === '-' ? -digits : digits, scale };
}

function fromDecimal({ digits, scale }: Decimal): Numeric {
  const isNegative = digits < 0n;
  const text = String(isNegative ? -digits : digits);
  const padded = scale > 0 ? text.padStart(scale + 1, '0') : text + '0'.repeat(-scale);
  const whole = scale > 0 ? padded.slice(0, -scale) : padded;
  const plain = `${isNegative ? '-' : ''}${whole}${scale > 0 ? `.${padded.slice(-scale)}` : ''}`;
  const double = Number(plain);
  return String(double) === plain ? double : new ExactNumber(plain);
}

interface Operands {
  readonly left: Numeric;
  readonly right: Numeric;
  readonly budget: Budget;
}

/** To read two texts as numbers, to compute with them and to write the result takes as long as this many steps, if they are short. */
const stepsOfOperation = 30;
/** Time grows with the square of the digits: two numbers with a thousand digits take as long as a thousand steps. */
const digitsOfStep = 64;

/** Reads numbers within the budget. Their exponents count as digits, because numbers are aligned to compute with them. */
function readOperands({ left, right, budget }: Operands): [Decimal, Decimal] {
  const spendDigits = (digits: number) => budget.spend((digits / digitsOfStep) ** 2);
  budget.spend(stepsOfOperation);
  spendDigits(textOf(left).length + textOf(right).length);
  const [first, second] = [toDecimal(left), toDecimal(right)];
  spendDigits(Math.abs(first.scale) + Math.abs(second.scale));
  return [first, second];
}

/** @returns a negative number, 0 or a positive number */
export function compareNumbers({ left, right, budget }: Operands): number {
  // Doubles whose shortest texts differ are in the order of these texts.
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  const [first, second] = align(...readOperands({ left, right, budget }));
  return first < second ? -1 : Number(first > second);
}

export function calculate(options: Operands & { readonly operator: '+' | '-' | '*' | '/' }): Numeric | undefined {
  const { operator } = options;
  const [first, second] = readOperands(options);
  if (operator === '*') return fromDecimal({ digits: first.digits * second.digits, scale: first.scale + second.scale });
  if (operator === '/') return divide(first, second);
  const scale = Math.max(first.scale, second.scale);
  const [one, other] = align(first, second);
  return fromDecimal({ digits: operator === '+' ? one + other : one - other, scale });
}

/** The lowest or highest number that is written like this one: https://hl7.org/fhirpath/#lowboundaryprecision-integer-decimal--date--datetime--time. */
export function boundaryOf(options: {
  readonly value: Numeric;
  readonly side: 'low' | 'high';
  readonly budget: Budget;
}): Numeric {
  const { value, side, budget } = options;
  const [{ digits, scale }] = readOperands({ left: value, right: 0, budget });
  return fromDecimal({ digits: digits * 10n + (side === 'low' ? -5n : 5n), scale: scale + 1 });
}

function divide(left: Decimal, right: Decimal): Numeric | undefined {
  if (right.digits === 0n) return undefined;
  const scale = Math.max(left.scale, right.scale, 0) + quotientDigits;
  // One more digit decides how the last one is rounded.
  const shift = scale + 1 + right.scale - left.scale;
  const [dividend, divisor] =
    shift >= 0 ? [left.digits * powerOfTen(shift), right.digits] : [left.digits, right.digits * powerOfTen(-shift)];
  const quotient = dividend / divisor;
  const rounded = (quotient + (quotient < 0n ? -5n : 5n)) / 10n;
  return fromDecimal(withoutTrailingZeros({ digits: rounded, scale }));
}

function withoutTrailingZeros({ digits, scale }: Decimal): Decimal {
  let shorter = { digits, scale };
  while (shorter.scale > 0 && shorter.digits % 10n === 0n)
    shorter = { digits: shorter.digits / 10n, scale: shorter.scale - 1 };
  return shorter;
}

function align(left: Decimal, right: Decimal): [bigint, bigint] {
  const scale = Math.max(left.scale, right.scale);
  return [left.digits * powerOfTen(scale - left.scale), right.digits * powerOfTen(scale - right.scale)];
}
