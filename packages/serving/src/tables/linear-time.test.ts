import { parseFhirJson } from '@bulkhead/fhir';
import { findSuperlinear, longestHoldMs, type Reader } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { compileView } from './view/compile-view.ts';
import { findUnknownElements } from './view/unknown-elements.ts';
import type { ViewDefinition } from './view/view-definition.ts';
import { tableFormats } from './writers/formats.ts';

const column = (path: string) => ({ name: 'value', path, type: 'string', collection: true });
const view = (select: string) => `{"resource":"Patient","select":${select}}`;
const compile = (json: string) => {
  const definition = JSON.parse(json) as ViewDefinition;
  compileView(definition);
  return findUnknownElements(definition);
};

/** The rows of a resource that the store can hold: it has at most a hundred levels. */
function rowsOf(path: string) {
  const { rows } = compileView({ resource: 'Patient', select: [{ column: [column(path)] }] });
  return (json: string) => rows(parseFhirJson(Buffer.from(json), { maxDepth: 100 }).value);
}

const readers: readonly Reader[] = [
  { name: 'an expression', parse: (path) => compile(view(JSON.stringify([{ column: [column(path)] }]))) },
  {
    name: 'the elements of an extension',
    parse: (run) => compile(view(JSON.stringify([{ column: [column(`extension('a').value${run}`)] }]))),
  },
  { name: 'a view', parse: compile },
  {
    name: 'a view of many selects',
    parse: compile,
    wrap: view,
    listElements: ['{"column":[{"name":"a","path":"id"}]}'],
  },
  {
    name: 'a view of many branches',
    parse: compile,
    wrap: (list) => view(`[{"unionAll":${list}}]`),
    listElements: ['{"column":[{"name":"a","path":"id"}]}'],
  },
  ...['name.given', 'name.where(given = %x).given', 'name[0].given.join()', 'name.exists()', 'name = name']
    .map((path) => path.replace('%x', "'a'"))
    .map((path) => ({
      name: `the rows of ${path}`,
      parse: rowsOf(path),
      wrap: (list: string) => `{"resourceType":"Patient","id":"1","name":${list}}`,
      listElements: ['{"given":["a",null,"b"]}'],
    })),
  ...['value.lowBoundary()', 'value + 1', 'value < 2', 'value = 1', 'value.ofType(Quantity)', 'getReferenceKey()'].map(
    (path) => ({
      name: `the number or text of ${path}`,
      parse: rowsOf(path),
      wrap: (run: string) =>
        `{"resourceType":"Patient","id":"1","reference":${JSON.stringify(run)},"value":${JSON.stringify(run)}}`,
    }),
  ),
  ...['birthDate < @2024', 'birthDate.lowBoundary()', 'birthDate = @2024-01-01T10:00:00Z'].map((path) => ({
    name: `the date of ${path}`,
    parse: rowsOf(path),
    wrap: (run: string) =>
      `{"resourceType":"Patient","id":"1","birthDate":${JSON.stringify(`2024-01-01T10:00:00.${run}`)}}`,
  })),
  {
    name: 'the digits of a number',
    parse: rowsOf('value.lowBoundary() + value'),
    wrap: (run) => `{"resourceType":"Patient","id":"1","value":1.${run}}`,
  },
];

test.each(readers)('$name is read in time that grows no faster than its size', async (reader) => {
  expect(await findSuperlinear(reader)).toEqual([]);
});

/** Items of each kind, so that every expression below has a value. */
const itemsJson = JSON.stringify({
  resourceType: 'Patient',
  id: 'p1',
  text: 'x'.repeat(100_000),
  names: Array.from({ length: 50 }, (_, index) => ({ given: ['a', 'b'], family: `f${index}` })),
  references: Array.from({ length: 50 }, (_, index) => ({ reference: `https://ehr.example/fhir/Patient/${index}` })),
  birthDate: '2024-01-01T10:00:00.123+02:00',
}).replace('{', `{"short":1.50,"long":1.${'7'.repeat(900)},"small":1e-900,"large":3e900,`);
const items = parseFhirJson(Buffer.from(itemsJson), { maxDepth: 100 }).value;

test.each([
  ...[
    'names.given',
    "names.where(family = 'f1')",
    "names.family.join(',')",
    'names = names',
    'text + text',
    'text = text',
  ],
  ...['short + long', 'long * long', 'short / 3', 'small + large', 'small < large', 'long.lowBoundary()', '-long'],
  ...['birthDate < @2024-01-01T10:00:00+01:00', 'birthDate = @2024-01-01', 'birthDate.highBoundary()', 'value'],
  ...[
    'references.getReferenceKey()',
    "birthDate.extension('x')",
    'names.ofType(string)',
    'names.exists(given.empty())',
  ],
])('a view that repeats %s is refused before it holds the event loop for long', async (path) => {
  const loops = ['names', 'names', 'names', 'names', `$this.where((${path}).exists().not())`];
  const select = [...loops.map((forEach) => ({ forEach })), { column: [column('id')] }];
  const { rows } = compileView({ resource: 'Patient', select });
  const heldMs = await longestHoldMs(async () => expect(() => rows(items)).toThrow(/too many steps/));
  expect(heldMs).toBeLessThan(200);
});

test.each(['parquet', 'csv', 'ndjson'] as const)(
  'numbers of many digits do not hold the event loop for long as %s',
  async (format) => {
    const constant = parseFhirJson(Buffer.from(`[{"name":"x","valueDecimal":1.5${'0'.repeat(970)}}]`), {
      maxDepth: 9,
    }).value;
    const columns = Array.from({ length: 150 }, (_, index) => ({ name: `c${index}`, path: '%x', type: 'decimal' }));
    const loops = ['names', 'names'].map((forEach) => ({ forEach }));
    const view = compileView({ resource: 'Patient', constant, select: [...loops, { column: columns }] });
    const writer = tableFormats[format].create(view);
    const heldMs = await longestHoldMs(async () =>
      expect(() => {
        for (const row of view.rows(items)) writer.add(row);
      }).toThrow(/too many steps/),
    );
    expect(heldMs).toBeLessThan(200);
  },
);
