import { ExactNumber, parseExact } from '@bulkhead/fhir';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import fhirpath from 'fhirpath';
import { Budget } from './budget.ts';
import { itemsOf } from './collections.ts';
import { compileExpression } from './compile.ts';
import { isNumeric, textOf } from './decimal.ts';
import { ExpressionError } from './expression-error.ts';

const evaluate = (text: string, resource: unknown = { resourceType: 'Patient' }) =>
  compileExpression({ text, constants: new Map() }).evaluate(resource, {
    rowIndex: 0,
    budget: new Budget({ hasTotal: false }),
  });

/** As text, so that the precision of numbers counts. */
const shown = (value: unknown) => (isNumeric(value) ? textOf(value) : value);

test.each([
  ['1.50 + 1', '2.50'],
  ['0.1 + 0.2', '0.3'],
  ['12345678901234567890 + 1', '12345678901234567891'],
  ['0.1 * 0.1', '0.01'],
  ['1 / 3', '0.33333333333333333333'],
  ['2 / 3', '0.66666666666666666667'],
  ['-2 / 3', '-0.66666666666666666667'],
  ['6 / 4', '1.5'],
  ['1 / 0', undefined],
  ['1.0 = 1.00', true],
  ['2.10 > 2.1', false],
  ['2 + 3 * 4 - 1', '13'],
  ['(2 + 3) * -4', '-20'],
  ["'a' + 'b'", 'ab'],
  ["'it\\'s \\u00e9'", "it's é"],
  ['1 = 1 and 2 = 3 or true', true],
  ['{} and false', false],
  ['{} and true', undefined],
  ['{} or true', true],
  ['{}.not()', undefined],
  ['@2024-01 < @2024-02-01', true],
  ['@2024-01 < @2024-01-15', undefined],
  ['@2024-01-01T12:00:00+02:00 = @2024-01-01T10:00:00.0Z', true],
  ['@2024-01-01T12:00:00 = @2024-01-01T12:00:00Z', undefined],
  ['@T10:30 > @T09:59:59', true],
  ['/* a comment */ 1 // and one more', '1'],
])('%s is %s', (text, expected) => {
  expect(shown(evaluate(text))).toBe(expected);
});

test.each([
  ['1.587', '1.5865', '1.5875'],
  ['1', '0.5', '1.5'],
  ['1.0', '0.95', '1.05'],
  ['-1.5', '-1.55', '-1.45'],
  ['0.0', '-0.05', '0.05'],
  ['100', '99.5', '100.5'],
  ['1e2', '50', '150'],
  ['0.1234567890123456789', '0.12345678901234567885', '0.12345678901234567895'],
])('the boundaries of %s are %s and %s, without rounding', (number, low, high) => {
  const resource = parseExact(`{"valueDecimal":${number}}`);
  const boundaries = ['low', 'high'].map((side) => shown(evaluate(`valueDecimal.${side}Boundary()`, resource)));
  expect(boundaries).toEqual([low, high]);
});

test.each([
  ['birthDate', '1970-06', '1970-06-01', '1970-06-30'],
  ['birthDate', '2024-02', '2024-02-01', '2024-02-29'],
  ['birthDate', '1900', '1900-01-01', '1900-12-31'],
  ['issued', '2024', '2024-01-01T00:00:00.000+14:00', '2024-12-31T23:59:59.999-12:00'],
  ['issued', '2024-01-01T10:00:00Z', '2024-01-01T10:00:00.000Z', '2024-01-01T10:00:00.999Z'],
  ['issued', '2024-01-01T10:00:00.1+02:00', '2024-01-01T10:00:00.100+02:00', '2024-01-01T10:00:00.199+02:00'],
  ['time', '10:30', '10:30:00.000', '10:30:59.999'],
  ['text', 'no date', undefined, undefined],
])('the boundaries of %s %s are %s and %s', (name, text, low, high) => {
  const boundaries = ['low', 'high'].map((side) => evaluate(`${name}.${side}Boundary()`, { [name]: text }));
  expect(boundaries).toEqual([low, high]);
});

test.each([
  ['name.wher(use)', 1, 6],
  ['a.\n  b(', 2, 5],
  ['name[0', 1, 7],
  ["name.where(use = 'x)", 1, 18],
  ['a and', 1, 6],
  ['a b', 1, 3],
  ['a.first(1)', 1, 3],
  ['a.ofType(1)', 1, 10],
  ['birthDate.ofType(Quantity)', 1, 18],
  ['%unknown', 1, 1],
  ['a | b', 1, 3],
  ['a mod 2', 1, 3],
  ["'\\q'", 1, 2],
  ['', 1, 1],
  ['a /* b', 1, 3],
  ['('.repeat(400), 1, 301],
  ['-'.repeat(400), 1, 301],
  [Array(400).fill('a').join('.'), 1, 601],
  [Array(400).fill('1').join('+'), 1, 600],
  [`id${'[0]'.repeat(400)}`, 1, 900],
  [`a${'.first()'.repeat(400)}`, 1, 2395],
  ['a'.repeat(10_001), 1, 10_001],
])('%s is refused at line %d, column %d', (text, line, column) => {
  const error = (() => {
    try {
      return evaluate(text);
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(error).toBeInstanceOf(ExpressionError);
  expect(error).toMatchObject({ line, column });
});

test.each([
  ['(1 + true)', '`+` cannot be applied to a number and a boolean.'],
  ["(1 < 'a')", '`<` cannot compare a number with a text.'],
  ['name.family < 2', '`<` has 2 values where one is allowed.'],
  ["name['a']", 'An index is not a whole number.'],
  ['name.join()', '`join()` cannot be applied to an element with parts.'],
  ['big + 1', 'A number is out of range.'],
])('%s cannot be computed: %s', (text, message) => {
  const resource = parseExact('{"big":1e9999999,"name":[{"family":"a"},{"family":"b"}]}');
  expect(() => evaluate(text, resource)).toThrow(message);
});

test.each(['constructor', 'toString', '__proto__', 'hasOwnProperty.name', 'valueDecimal.text'])(
  'the expression %s finds no property of JavaScript',
  (text) => {
    expect(itemsOf(evaluate(text, { valueDecimal: new ExactNumber('1.50') }))).not.toContain('1.50');
    expect(typeof evaluate(text, {})).not.toBe('function');
  },
);

/** Resources and expressions about the same few names, so that most expressions find something. */
const name = fc.constantFrom('a', 'b', 'c');
const scalar = fc.oneof(fc.constantFrom('x', 'y', ''), fc.integer({ min: -3, max: 3 }), fc.boolean());
const element = fc.letrec((tie) => ({
  node: fc.dictionary(name, fc.oneof({ maxDepth: 4 }, scalar, tie('list'), tie('node')), { maxKeys: 3 }),
  list: fc.array(fc.oneof(scalar, tie('node')), { maxLength: 3 }),
})).node;
const literal = fc.constantFrom("'x'", '1', '-2', 'true', '{}', '0.5');
const expression = fc.letrec<{ path: string; condition: string }>((tie) => ({
  path: fc.oneof(
    { maxDepth: 4 },
    name,
    fc.tuple(tie('path'), name).map(([path, last]) => `${path}.${last}`),
    fc.tuple(tie('path'), fc.nat(2)).map(([path, index]) => `${path}[${index}]`),
    tie('path').map((path) => `${path}.first()`),
    fc.tuple(tie('path'), tie('condition')).map(([path, condition]) => `${path}.where(${condition})`),
  ),
  condition: fc.oneof(
    { maxDepth: 4 },
    tie('path').map((path) => `${path}.exists()`),
    tie('path').map((path) => `${path}.empty()`),
    fc.tuple(tie('path'), fc.constantFrom('=', '!='), literal).map((parts) => parts.join(' ')),
    fc
      .tuple(tie('condition'), fc.constantFrom('and', 'or'), tie('condition'))
      .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
    tie('condition').map((condition) => `(${condition}).not()`),
  ),
}));

test('expressions give the same as the FHIRPath engine of the National Library of Medicine', () => {
  let compared = 0;
  fc.assert(
    fc.property(element, fc.oneof(expression.path, expression.condition), (resource, text) => {
      let expected: unknown[];
      try {
        expected = fhirpath.evaluate(structuredClone(resource), text) as unknown[];
      } catch {
        // Both refuse values of several items. What else it refuses is its own matter.
        return;
      }
      compared += 1;
      expect(itemsOf(evaluate(text, resource))).toEqual(expected);
    }),
    { numRuns: 1000 },
  );
  expect(compared).toBeGreaterThan(500);
});
