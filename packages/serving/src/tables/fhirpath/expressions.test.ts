import { ExactNumber, parseExact } from '@bulkhead/fhir';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import fhirpath from 'fhirpath';
import r4 from 'fhirpath/fhir-context/r4';
import { Budget } from './budget.ts';
import { temporalElements } from './choice-elements.ts';
import { itemsOf } from './collections.ts';
import { compileExpression } from './compile.ts';
import { isNumeric, textOf } from './decimal.ts';
import { ExpressionError } from './expression-error.ts';

const evaluate = (text: string, resource: unknown = { resourceType: 'Patient' }) =>
  compileExpression({ text, constants: new Map() }).evaluate(resource, {
    rowIndex: 0,
    resource: undefined,
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
  ['2024-01-31', '2024-02', '<', true],
  ['2024-02', '2024-02-01', '<', undefined],
  ['2024-02', '2024-02-01', '=', undefined],
  // As texts, each of these is the other way round.
  ['2024-01-01T23:00:00+14:00', '2024-01-01T10:00:00Z', '<', true],
  ['2024-01-01T10:00:00Z', '2024-01-01T09:30:00-05:00', '<', true],
  ['2024-01-01T10:00:00Z', '2024-01-01T12:00:00.0+02:00', '=', true],
  ['2024-01-01T10:00:00Z', '2024-01-01T12:00:00+02:00', '>=', true],
  ['2024-01-01', '2024-01-01T12:00:00Z', '<', undefined],
  ['2024-01-01', 'not known', '<', undefined],
  ['not known', 'unknown', '!=', true],
  ['draft', 'open', '<', true],
])('the elements %s and %s are compared as dates, if they are: %s is %s', (start, end, operator, expected) => {
  const resource = { period: [{ start, end }] };
  for (const part of ['period', 'period[0]', 'period.first()', 'period.where(true)'])
    expect([part, evaluate(`${part}.start ${operator} ${part}.end`, resource)]).toEqual([part, expected]);
  const sides = ['start.first()', 'period.end[0]'];
  expect(evaluate(`period.${sides.join(` ${operator} `)}`, resource)).toEqual(expected);
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

const twoDigits = (max: number) => fc.integer({ min: 1, max }).map((number) => String(number).padStart(2, '0'));
const day = fc.oneof(
  fc.constantFrom('2023', '2024', '2024-02', '2024-03'),
  fc.tuple(fc.constantFrom('2023', '2024'), twoDigits(12), twoDigits(28)).map((parts) => parts.join('-')),
);
const moment = fc
  .record({
    day: fc.constantFrom('2024-02-28', '2024-02-29', '2024-03-01'),
    time: fc.tuple(twoDigits(23), twoDigits(59), twoDigits(59)).map((parts) => parts.join(':')),
    // The other engine takes the digits of '.123456' for 123,456 milliseconds.
    fraction: fc.constantFrom('', '.0', '.5', '.500', '.123'),
    zone: fc.constantFrom('Z', '+00:00', '+14:00', '-11:30', '+05:45'),
  })
  .map((parts) => `${parts.day}T${parts.time}${parts.fraction}${parts.zone}`);
/** The default zone, in which a day without one is compared with a time, is that of the process. So both are days, or both are times. */
const dates = fc.oneof(fc.tuple(day, day), fc.tuple(moment, moment));

test('date elements are compared with each other as by the FHIRPath engine of the National Library of Medicine', () => {
  const results = new Map<unknown, number>();
  fc.assert(
    fc.property(
      dates,
      fc.constantFrom('<', '<=', '>', '>=', '=', '!='),
      fc.boolean(),
      ([left, right], operator, swaps) => {
        const resources = [
          {
            resource: { resourceType: 'Encounter', period: { start: left, end: right } },
            sides: ['period.start', 'period.end'],
          },
          {
            resource: { resourceType: 'Condition', recordedDate: left, onsetDateTime: right },
            sides: ['recordedDate', 'onset.ofType(dateTime)'],
          },
          {
            resource: { resourceType: 'Condition', onsetDateTime: left, abatementDateTime: right },
            sides: ['onset', 'abatement'],
          },
        ];
        for (const { resource, sides } of resources) {
          const text = (swaps ? sides.toReversed() : sides).join(` ${operator} `);
          const [expected] = fhirpath.evaluate(structuredClone(resource), text, {}, r4) as unknown[];
          expect({ resource, text, result: evaluate(text, resource) }).toEqual({ resource, text, result: expected });
          results.set(expected, (results.get(expected) ?? 0) + 1);
        }
      },
    ),
    { numRuns: 1000 },
  );
  for (const result of [true, false, undefined]) expect(results.get(result)).toBeGreaterThan(50);
});

test('six digits of a second are a fraction of it', () => {
  const period = { start: '2024-02-29T21:01:01.5Z', end: '2024-02-29T21:01:01.123456Z' };
  expect(evaluate('period.start > period.end', { resourceType: 'Encounter', period })).toBe(true);
});

test('every element of R4 that can be a date or time is known by its name', () => {
  const isTemporal = (type: unknown) => /^(date|dateTime|instant|time)$/i.test(String(type));
  const paths = Object.entries({ ...r4.path2Type, ...r4.choiceTypePaths } as Record<string, unknown>);
  const missing = paths.filter(
    ([path, types]) =>
      path.includes('.') && [types].flat().some(isTemporal) && !temporalElements.has(path.split('.').at(-1) ?? ''),
  );
  expect(missing).toEqual([]);
});
