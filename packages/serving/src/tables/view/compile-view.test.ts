import { ExactNumber } from '@bulkhead/fhir';
import { describe, expect, test } from '@jest/globals';
import { Budget } from '../fhirpath/budget.ts';
import { compileView, publishedViews } from '../index.ts';

const id = { name: 'id', path: 'id', type: 'id' };
const of = (select: object, others: object = {}) => ({ resource: 'Patient', select: [select].flat(), ...others });

function faultsOf(view: unknown): unknown {
  try {
    compileView(view);
  } catch (error) {
    const { code, context } = error as { readonly code: string; readonly context: { readonly details: unknown } };
    expect(code).toBe('invalid-view');
    return context.details;
  }
  return undefined;
}

test.each([
  { what: 'nothing', view: undefined, path: '', message: 'is required' },
  { what: 'no object', view: 'x', path: '', message: 'must be an object' },
  { what: 'no resource', view: { select: [{ column: [id] }] }, path: 'resource', message: /is missing/ },
  {
    what: 'an unknown type',
    view: { ...of({ column: [id] }), resource: 'Patiet' },
    path: 'resource',
    message: /Did you mean Patient/,
  },
  { what: 'no columns', view: of({}), path: 'select', message: 'must have at least one column' },
  { what: 'an empty select', view: of([]), path: 'select', message: 'must have at least one entry' },
  {
    what: 'a misspelt field',
    view: of({ forEachOrNul: 'name', column: [id] }),
    path: 'select.0.forEachOrNul',
    message: 'is not a field of this object',
  },
  {
    what: 'an expression that does not parse',
    view: of({ column: [{ ...id, path: 'name.\n where(' }] }),
    path: 'select.0.column.0.path',
    message: /^line 2, column 8: /,
  },
  {
    what: 'a forEach that does not parse',
    view: of({ forEach: '@@', column: [id] }),
    path: 'select.0.forEach',
    message: /^line 1, column 1: /,
  },
  {
    what: 'a where that does not parse',
    view: of({ column: [id] }, { where: [{ path: 'a..b' }] }),
    path: 'where.0.path',
    message: /^line 1, column 3: /,
  },
  {
    what: 'a column name twice',
    view: of([{ column: [id] }, { column: [{ ...id, name: 'ID' }] }]),
    path: 'select.1.column.0.name',
    message: '`ID` is the name of another column',
  },
  {
    what: 'a name that databases do not accept',
    view: of({ column: [{ ...id, name: '1 x' }] }),
    path: 'select.0.column.0.name',
    message: /^must begin with a letter/,
  },
  {
    what: 'a type that columns cannot have',
    view: of({ column: [{ ...id, type: 'Quantity' }] }),
    path: 'select.0.column.0.type',
    message: /"Quantity" is not a type of columns/,
  },
  {
    what: 'two loops',
    view: of({ forEach: 'name', repeat: ['contact'], column: [id] }),
    path: 'select.0',
    message: 'has `forEach` and `repeat`, but can have only one of them',
  },
  {
    what: 'a constant without a value',
    view: of({ column: [id] }, { constant: [{ name: 'x' }] }),
    path: 'constant.0',
    message: /must have one value/,
  },
  {
    what: 'a constant twice',
    view: of(
      { column: [id] },
      {
        constant: [
          { name: 'x', valueCode: 'a' },
          { name: 'x', valueCode: 'b' },
        ],
      },
    ),
    path: 'constant.1.name',
    message: 'occurs more than once',
  },
  {
    what: 'an unknown constant',
    view: of({ column: [{ ...id, path: '%x' }] }),
    path: 'select.0.column.0.path',
    message: /`%x` is not a constant/,
  },
  {
    what: 'a union with other columns',
    view: of({ unionAll: [{ column: [id] }, { column: [{ ...id, name: 'key' }] }] }),
    path: 'select.0.unionAll.1',
    message: 'has the columns key (id), but the first branch has id (id)',
  },
  {
    what: 'a union with another type',
    view: of({ unionAll: [{ column: [id] }, { column: [{ ...id, type: 'code' }] }] }),
    path: 'select.0.unionAll.1',
    message: /has the columns id \(code\)/,
  },
  {
    what: 'too many columns',
    view: of({ column: Array.from({ length: 501 }, (_, index) => ({ ...id, name: `c${index}` })) }),
    path: 'select',
    message: 'has more than 500 columns',
  },
])('a view with $what is refused with the place of the fault', ({ view, path, message }) => {
  const expected = message instanceof RegExp ? expect.stringMatching(message) : message;
  expect(faultsOf(view)).toEqual([{ path, message: expected }]);
});

test('a view is refused with all of its faults', () => {
  const view = of(
    {
      column: [
        { ...id, path: 'a(' },
        { ...id, type: 'x' },
      ],
    },
    { where: [{ path: ')' }] },
  );
  expect(faultsOf(view)).toHaveLength(4);
});

test('a view that is nested too deeply is refused before it is read', () => {
  let select: object = { column: [id] };
  for (let depth = 0; depth < 10_000; depth++) select = { select: [select] };
  expect(faultsOf(of(select))).toEqual([{ path: 'select', message: 'is nested too deeply' }]);
});

function rowsOf(column: object, resource: object) {
  const { rows } = compileView(of({ column: [{ name: 'value', path: 'value', ...column }] }));
  return rows({ resourceType: 'Patient', id: 'p1', ...resource });
}

describe('a value that its column cannot hold fails, and the error names the resource and the column', () => {
  test.each([
    { type: 'integer', value: 1.5, message: /cannot hold this number/ },
    { type: 'integer', value: 2 ** 31, message: /cannot hold this number/ },
    { type: 'positiveInt', value: 0, message: /cannot hold this number/ },
    { type: 'integer', value: new ExactNumber('1.0'), message: /cannot hold this number/ },
    { type: 'integer', value: '1', message: /cannot hold a text/ },
    { type: 'decimal', value: '1.5', message: /cannot hold a text/ },
    { type: 'boolean', value: 'true', message: /cannot hold a text/ },
    { type: 'string', value: true, message: /cannot hold a boolean/ },
    { type: 'string', value: { text: 'x' }, message: /cannot hold an element with parts/ },
    { type: 'string', value: ['a', 'b'], message: /It has 2 values where one is allowed/ },
  ])('$type: $value', ({ type, value, message }) => {
    const fail = () => rowsOf({ type }, { value });
    expect(fail).toThrow(message);
    expect(fail).toThrow('The column `value` of a Patient, whose id is in `details`, cannot be computed.');
    expect(fail).toThrow(
      expect.objectContaining({ context: { resourceType: 'Patient', resourceId: 'p1', column: 'value' } }),
    );
  });
});

test.each([
  { type: 'decimal', value: new ExactNumber('1.50'), cell: new ExactNumber('1.50') },
  { type: 'string', value: new ExactNumber('1.50'), cell: '1.50' },
  { type: 'http://hl7.org/fhir/StructureDefinition/date', value: '1970', cell: '1970' },
  { type: undefined, value: 'x', cell: 'x' },
  { type: 'string', value: null, cell: null },
])('a column of the type $type holds $value', ({ type, value, cell }) => {
  expect(rowsOf({ type }, { value })).toEqual([[cell]]);
});

test('a list of primitives with a null, which only has extensions there, has the other values', () => {
  expect(rowsOf({ type: 'string', collection: true }, { value: ['a', null, 'b'] })).toEqual([[['a', 'b']]]);
});

test('lists beside each other are combined, also in unions and below other lists', () => {
  const column = (name: string, path: string) => ({ name, path, type: 'string' });
  const view = of(
    [
      { forEach: 'a', column: [column('a', '$this')], select: [{ forEach: '%c', column: [column('c', '$this')] }] },
      { unionAll: [{ forEach: 'b', column: [column('b', '$this')] }, { column: [column('b', "'last'")] }] },
    ],
    { constant: [{ name: 'c', valueString: 'C' }] },
  );
  const { rows } = compileView(view);
  expect(rows({ resourceType: 'Patient', a: ['1', '2'], b: ['x', 'y'] }).map((row) => row.join(' '))).toEqual(
    ['1', '2'].flatMap((a) => ['x', 'y', 'last'].map((b) => `${a} C ${b}`)),
  );
});

const list = Array.from({ length: 1000 }, (_, index) => index);
const long = 'x'.repeat(1_000_000);
const asText = { name: 'x', type: 'string' };
const loop = (forEach: string) => ({ forEach });

test.each([
  {
    what: 'two lists that are combined to a million rows',
    select: [{ ...loop('list'), column: [{ ...asText, path: '$this' }] }, loop('list')],
  },
  { what: 'lists that are combined without a row', select: ['list', 'list', 'list.where(false)'].map(loop) },
  { what: 'a text that grows', select: { column: [{ ...asText, path: Array(40).fill('long').join(' + ') }] } },
  {
    what: 'a text that is joined many times',
    select: { column: [{ ...asText, path: 'list.join(long)' }] },
  },
  {
    what: 'columns that repeat a long text',
    select: { column: Array.from({ length: 20 }, (_, index) => ({ name: `x${index}`, path: 'long', type: 'string' })) },
  },
  {
    what: 'a list of long texts in each row',
    select: [loop('list'), { column: [{ ...asText, collection: true, path: 'texts' }] }],
  },
  { what: 'comparisons of long texts', select: ['list', 'rows.where(long = long)'].map(loop) },
  {
    what: 'products of long decimals',
    select: ['list', `list.where(${Array(100).fill('$this * 1.5').join(' * ')} > 1)`].map(loop),
  },
  { what: 'many repeats', select: Array.from({ length: 190 }, () => ({ repeat: ['child'] })) },
])('$what is refused with the limit of steps', ({ select }) => {
  const { rows } = compileView(of([select, { column: [id] }].flat()));
  const tree = (depth: number): object => ({ child: depth === 0 ? [] : [tree(depth - 1), { child: [] }] });
  const rowsWithText = list.map(() => ({ long }));
  const texts = list.map(() => 'text '.repeat(20));
  const resource = { resourceType: 'Patient', id: 'p1', list, long, texts, rows: rowsWithText, ...tree(30) };
  expect(() => rows(resource)).toThrow(
    expect.objectContaining({
      code: 'view-too-costly',
      message: expect.stringContaining('the rows of a resource may have 1,000,000'),
    }),
  );
});

test('a view that is costly for each resource is refused with the limit of the table', () => {
  const view = of([loop('list'), loop('list.where(false)')]);
  const own = compileView(
    { ...view, select: [...view.select, { column: [id] }] },
    { budget: new Budget({ hasTotal: true }) },
  );
  const some = { resourceType: 'Patient', id: 'p1', list: list.slice(0, 400) };
  const readAll = () => {
    for (let count = 0; count < 1000; count++) own.rows(some);
  };
  expect(readAll).toThrow(/a table may have 20,000,000, and 5,000 for each resource/);
});

test('an expression of the most levels is computed, also in the innermost of the most selects', () => {
  const path = Array(300).fill('a').join('.');
  const nested = (count: number): object =>
    count === 0 ? { column: [{ ...asText, path }] } : { forEach: '$this', select: [nested(count - 1)] };
  const { rows } = compileView(of([...Array.from({ length: 178 }, () => loop('$this')), nested(20)]));
  expect(rows({ resourceType: 'Patient', id: 'p1' })).toEqual([[null]]);
});

test('a list with more items than a call can have arguments is read', () => {
  const { rows } = compileView(of({ column: [{ ...asText, path: 'a.b.join()' }] }));
  const b = Array.from({ length: 200_000 }, () => 1);
  expect(rows({ resourceType: 'Patient', id: 'p1', a: [{ b }, { b }] })).toEqual([['1'.repeat(400_000)]]);
});

test.each(['$this', "'x'", '1 + 1'])('a repeat of %s, which would never end, fails', (path) => {
  const { rows } = compileView(of({ repeat: [path], column: [id] }));
  expect(() => rows({ resourceType: 'Patient', id: 'p1' })).toThrow(
    'A path of `repeat` must lead to elements inside of the current one.',
  );
});

describe('a view with rejects', () => {
  const year = { name: 'year', path: 'year', type: 'integer' };
  const nick = { name: 'nick', path: 'nick', type: 'string' };
  const rejecting = (select: object, others: object = {}) => compileView(of(select, others), { rejects: true });

  test('has no value where one does not fit, and a reason without the text of the value', () => {
    const { columns, rows } = rejecting([{ column: [id, year] }, { forEach: 'name', column: [nick] }]);
    expect(columns.map(({ name }) => name)).toEqual(['id', 'year', 'nick', 'rejects']);
    const name = [{ nick: 'A' }, { nick: ['B', 'C'] }, { nick: 'D' }];
    const misfit = 'year: A column of the type integer cannot hold a text.';
    expect(rows({ resourceType: 'Patient', id: 'p1', year: 'MMXXVI', name })).toEqual([
      ['p1', null, 'A', [misfit]],
      ['p1', null, null, [misfit, 'nick: It has 2 values where one is allowed.']],
      ['p1', null, 'D', [misfit]],
    ]);
    expect(rows({ resourceType: 'Patient', id: 'p2', year: 2026, name: [{ nick: 'E' }] })).toEqual([
      ['p2', 2026, 'E', null],
    ]);
    expect(
      rejecting([{ column: [id] }, { forEachOrNull: 'name', column: [nick] }]).rows({
        resourceType: 'Patient',
        id: 'p3',
      }),
    ).toEqual([['p3', null, null]]);
  });

  test('has one row with the key if none can be computed', () => {
    const { rows } = rejecting({ column: [id] }, { where: [{ path: 'name.nick' }] });
    expect(rows({ resourceType: 'Patient', id: 'p1', name: [{ nick: 'A' }] })).toEqual([
      ['p1', ['*: A condition of `where` is not a boolean.']],
    ]);
    const costly = rejecting([{ column: [id] }, loop('list'), loop('list')]).rows({
      resourceType: 'Patient',
      id: 'p2',
      list,
    });
    expect(costly).toEqual([['p2', [expect.stringContaining('*: The view needs too many steps')]]]);
  });

  test('cannot have a column of that name, and a budget of the table still ends it', () => {
    expect(() => rejecting({ column: [{ ...id, name: 'Rejects' }] })).toThrow('is the name of another column');
    const { rows } = compileView(of([{ column: [id] }, loop('list'), loop('list')]), {
      budget: new Budget({ hasTotal: true }),
      rejects: true,
    });
    expect(() => rows({ resourceType: 'Patient', id: 'p1', list })).toThrow('too many steps');
  });
});

test('resources of another type have no rows', () => {
  expect(compileView(of({ column: [id] })).rows({ resourceType: 'Observation', id: 'o1' })).toEqual([]);
});

describe.each(Object.entries(publishedViews))('the view %s', (_, definition) => {
  const view = compileView(definition);

  test('has a sentence about each column', () => {
    for (const { description } of view.columns) expect(description).toMatch(/^[A-Z`].*[.]$/);
  });

  test('has the key of the resource in its first column', () => {
    expect(view.keyColumn).toBe(0);
  });
});
