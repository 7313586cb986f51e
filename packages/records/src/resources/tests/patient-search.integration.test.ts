import { parseSearch, type Resource } from '@bulkhead/fhir';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, expect, test } from '@jest/globals';
import { pageQueries, toResourceQuery, toTombstone } from '../index.ts';
import { resourceFeature } from '../resource.feature.ts';
import { documentContext as context, makeDocument } from '../testing/index.ts';

const { store, database, close } = await openTestStore((context) =>
  resourceFeature.open({ ...context, rawWrites: () => undefined }),
);
afterAll(close);

const families = [
  'Smith',
  'Smithers',
  'Müller',
  'Muller',
  'Sánchez',
  'O’Brien',
  "O'Brien",
  'Li',
  'Lindgren',
  'Weiß',
  'Ng',
  'van der Berg',
];
const givens = ['Anna', 'Ann Marie', 'Zoë', 'Li', 'John', 'Åsa'];
const total = 600;
const patients: readonly Resource[] = Array.from({ length: total }, (_, index) => ({
  resourceType: 'Patient',
  id: `p${String(index).padStart(4, '0')}`,
  gender: index % 2 === 0 ? 'female' : 'male',
  birthDate: `19${50 + (index % 50)}-0${1 + (index % 9)}-1${index % 10}`,
  identifier: [
    { system: 'http://mrn', value: `m${index}` },
    { system: 'http://other', value: `m${index + 1}` },
  ],
  name: [
    {
      family: families[index % families.length],
      given: [givens[index % givens.length], givens[(index + 2) % givens.length]],
    },
  ],
}));
await store.resourceWriter.write(
  'Patient',
  patients.map((patient) => makeDocument(patient)),
);
await store.resourceWriter.write(
  'Patient',
  patients.map((patient) => makeDocument(patient, { connectionId: 'conn_10' })),
);
await store.resourceWriter.write('Patient', [makeDocument({ ...(patients[0] as Resource), id: 'gone' })]);
await store.resourceWriter.write('Patient', [
  toTombstone({
    resourceId: 'gone',
    context: { ...context, observedAt: new Date(context.observedAt.getTime() + 1000) },
  }),
]);

const reference = { connectionId: 'conn_1', resourceType: 'Patient' };

function parse(query: string) {
  const parsed = parseSearch('Patient', new URLSearchParams(query));
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
  return parsed.request.search;
}

async function readPages(query: string, limit: number): Promise<string[][]> {
  const search = parse(query);
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page: string[] = [];
    let last: string | undefined;
    for await (const found of store.resourceSearch.search({ ...reference, search, cursor, limit })) {
      page.push((found.resource as Resource).id);
      last = found.cursor();
    }
    pages.push(page);
    cursor = page.length === limit ? last : undefined;
  } while (cursor !== undefined);
  return pages;
}

interface Name {
  readonly family: string;
  readonly given: readonly string[];
}

/** Written independently of the product. */
const folded = (text: string) =>
  text
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .replace('ß', 'ss');

/** R4's definition, computed without keys. */
function expected(query: string): string[] {
  const begins = (texts: readonly string[], value: string) =>
    value.split(',').some((prefix) => texts.some((text) => folded(text).startsWith(folded(prefix))));
  const matches = (patient: Resource, name: string, value: string) => {
    const [{ family, given }] = patient.name as [Name];
    const identifiers = patient.identifier as { system: string; value: string }[];
    if (name === 'family') return begins([family], value);
    if (name === 'given') return begins(given, value);
    if (name === 'name') return begins([family, ...given], value);
    if (name === 'gender') return patient.gender === value;
    if (name === 'birthdate') return String(patient.birthDate).startsWith(value);
    return identifiers.some((each) => each.value === value || `${each.system}|${each.value}` === value);
  };
  const parameters = [...new URLSearchParams(query)];
  return patients
    .filter((patient) => parameters.every(([name, value]) => matches(patient, name, value)))
    .map(({ id }) => id);
}

test.each([
  ...[
    'family=s',
    'family=sm',
    'family=smi',
    'family=smit',
    'family=smithe',
    'family=SMITHERS',
    'family=muller',
    'family=mül',
    'family=o’b',
  ],
  ...[
    'family=li',
    'family=lin',
    'family=weiss',
    'family=van der',
    'family=x',
    'given=ann',
    'given=ann m',
    'given=asa',
    'given=zoe,jo',
  ],
  ...['name=li', 'name=a', 'name=an', 'name=zzz', 'name=li&name=smi', 'family=smith&given=ann&gender=female'],
  ...[
    'identifier=m5',
    'identifier=http://mrn|m5',
    'identifier=http://mrn|x',
    'identifier=m5&family=s',
    'gender=male',
    'birthdate=1967',
  ],
  ...['birthdate=1955-06-15', 'name=s&birthdate=1960', 'gender=female&birthdate=1960&family=o'],
])('a search by %s finds the patients of this connection that R4 defines, each once', async (query) => {
  const ids = expected(query);
  for (const limit of [7, 1000]) {
    const pages = await readPages(query, limit);
    expect(pages.flat().toSorted()).toEqual(ids);
  }
  expect(await store.resourceSearch.count({ ...reference, search: parse(query) })).toBe(ids.length);
});

interface Stage {
  readonly stage: string;
  readonly inputStage?: Stage;
  readonly inputStages?: readonly Stage[];
}

function stagesOf(plan: Stage): string[] {
  return [plan.stage, ...[plan.inputStage ?? [], plan.inputStages ?? []].flat().flatMap(stagesOf)];
}

async function explainPage(query: string, limit: number) {
  const resourceQuery = toResourceQuery({ connectionId: 'conn_1', search: parse(query) });
  const [page] = pageQueries({ query: resourceQuery, position: undefined });
  if (!page) throw new Error('The search has no page.');
  const { index, isObvious } = resourceQuery;
  return database
    .collection('Patient')
    .find({ $and: [...page.conditions] }, isObvious ? {} : { hint: index })
    .sort(page.order.map(({ name }) => [name, 1] as [string, 1]))
    .limit(limit)
    .explain('executionStats');
}

test.each([
  { query: 'family=s', most: 2 },
  { query: 'name=s', most: 5 },
  { query: 'name=li,a', most: 8 },
  { query: 'identifier=http://mrn|m5', most: 1 },
  { query: 'identifier=http://mrn|m5&family=m', most: 1 },
  { query: 'gender=female&family=lindg', most: 3 },
  // Every twelfth patient is a SMIT... without the E.
  { query: 'family=smithe', most: 100 },
])('a page of $query reads at most $most resources from the index, and sorts nothing', async ({ query, most }) => {
  const { queryPlanner, executionStats } = await explainPage(query, 2);
  const stages = stagesOf(queryPlanner.winningPlan as Stage);
  expect(stages).toContain('IXSCAN');
  expect(stages.filter((stage) => ['COLLSCAN', 'SORT'].includes(stage))).toEqual([]);
  expect(executionStats.totalDocsExamined).toBeLessThanOrEqual(most);
});

test('the names of an erased patient are in no key of the tombstone', async () => {
  const stored = await database.collection('Patient').findOne({ _id: 'conn_1/gone' as never });
  expect(stored).toMatchObject({ deleted: true, keys: {} });
});
