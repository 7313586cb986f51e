import { parseFhirJson } from '@bulkhead/fhir';
import { findSuperlinear, type Reader } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { compileView } from './view/compile-view.ts';

const column = (path: string) => ({ name: 'value', path, type: 'string', collection: true });
const view = (select: string) => `{"resource":"Patient","select":${select}}`;
const compile = (json: string) => compileView(JSON.parse(json));

/** The rows of a resource that the store can hold: it has at most a hundred levels. */
function rowsOf(path: string) {
  const { rows } = compileView({ resource: 'Patient', select: [{ column: [column(path)] }] });
  return (json: string) => rows(parseFhirJson(Buffer.from(json), { maxDepth: 100 }).value);
}

const readers: readonly Reader[] = [
  {
    name: 'an expression',
    parse: (path) => compileView({ resource: 'Patient', select: [{ column: [column(path)] }] }),
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
