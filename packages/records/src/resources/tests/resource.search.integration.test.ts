import { type DateCriterion, parseSearch, type Resource, type ResourceSearch } from '@bulkhead/fhir';
import { Database } from '@bulkhead/store';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ResourceChangeRepository } from '../changes/resource-changes.ts';
import {
  pageQueries,
  type ResourceQuery,
  ResourceSearchRepository,
  readCursor,
  toResourceQuery,
  toTombstone,
} from '../index.ts';
import { sortFault } from '../read/resource-query.ts';
import { resourceFeature } from '../resource.feature.ts';
import { documentContext as context, makeDocument } from '../testing/index.ts';
import { changedNow } from '../version/changed-since.ts';

const collection = { connectionId: 'conn_1', resourceType: 'Observation' };
const total = 120;

/**
 * There are twelve patients, four codes and two categories. Every eighth observation belongs to two patients, every seventh has no
 * date, every fifth has a period, and every third has no `lastUpdated`.
 */
function makeObservation(index: number): Resource {
  const day = new Date(Date.UTC(2024, 0, 1 + (index % 60))).toISOString().slice(0, 10);
  const period = {
    start: day,
    ...(index % 10 === 0 ? {} : { end: new Date(Date.parse(day) + 5 * 86_400_000).toISOString() }),
  };
  const dated = index % 5 === 0 ? { effectivePeriod: period } : { effectiveDateTime: `${day}T08:00:00+02:00` };
  return {
    resourceType: 'Observation',
    id: `o${String(index).padStart(4, '0')}`,
    ...(index % 3 === 0 ? {} : { meta: { lastUpdated: new Date(Date.UTC(2024, 4, 1 + (index % 20))).toISOString() } }),
    status: index % 4 === 0 ? 'amended' : 'final',
    category: [{ coding: [{ system: 'http://cat', code: index % 2 === 0 ? 'laboratory' : 'vital-signs' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: `c${index % 4}` }, { code: 'local' }] },
    subject: { reference: `Patient/p${index % 12}` },
    // Performed by a second patient. The observation is part of the records of both.
    ...(index % 8 === 3 ? { performer: [{ reference: `Patient/p${(index + 1) % 12}` }] } : {}),
    ...(index % 7 === 0 ? {} : dated),
  };
}

const observations = Array.from({ length: total }, (_, index) => makeObservation(index));
const documents = observations.map((observation) => makeDocument(observation));

const { store, database, close } = await openTestStore((context) =>
  resourceFeature.open({ ...context, rawWrites: () => undefined }),
);
await store.resourceWriter.write('Observation', documents);
// A resource of another practice, whose id has the same prefix, and a deleted resource.
await store.resourceWriter.write(
  'Observation',
  observations.map((observation) => makeDocument(observation, { connectionId: 'conn_10' })),
);
await store.resourceWriter.write('Observation', [toTombstone({ resourceId: 'gone', context })]);
afterAll(close);

/** `record` is not a parameter but the compartment of a URL. */
function parse(query: string, type = 'Observation') {
  const parameters = new URLSearchParams(query);
  const records = parameters.getAll('record').map((ids) => ids.split(','));
  parameters.delete('record');
  const parsed = parseSearch(type, parameters);
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
  return { ...parsed.request.search, ...(records.length > 0 ? { records } : {}) };
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const idsOf = (resources: readonly unknown[]) => resources.map((resource) => (resource as Resource).id);

async function readPages(query: string, limit: number) {
  const search = parse(query);
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await collect(store.resourceSearch.search({ ...collection, search, cursor, limit }));
    pages.push(idsOf(page.map(({ resource }) => resource)));
    cursor = page.length === limit ? page.at(-1)?.cursor() : undefined;
  } while (cursor !== undefined);
  return pages;
}

const values = {
  _id: ['_id=o0001,o0002,o0099,gone'],
  patient: [
    'patient=p1',
    'record=p4&subject=p3,p4',
    'patient=Patient/p2,p3',
    'subject=p4,p3,p4',
    'patient=p3&subject=p3,p5',
    'patient=p3&patient=p4',
    'record=p4',
    'record=p4,p5',
    'record=p3&record=p4',
    'record=p4&patient=p3',
  ],
  code: ['code=c1', 'code=http://loinc.org|c1,c2', 'code=c3&code=|local'],
  category: ['category=laboratory', 'category=http://cat|laboratory,vital-signs&status:not=amended'],
  status: [
    'status=final',
    'status=final,amended',
    'status:not=final',
    'status:not=final,x&code:not=http://loinc.org|c1',
  ],
  date: [
    'ge2024-01-15',
    'lt2024-02-01',
    'eq2024-01',
    'ne2024-01',
    'sa2024-01-20',
    'eb2024-01-20',
    'gt2024-02',
    'le2024-01-10',
  ]
    .map((value) => `date=${value}`)
    .concat('date=ge2024-01-10&date=lt2024-02-10', 'date=2024-01-03,2024-02-03'),
  _lastUpdated: [
    '_lastUpdated=ge2024-05-10',
    '_lastUpdated=2024-05-03,2024-06',
    '_lastUpdated=ne2024-05-03',
    '_lastUpdated=sa2024-05-03',
    '_lastUpdated=eb2024-05-03',
  ],
};

/** Each parameter alone with each of its values, and each combination of parameters with their first and their second values. */
function combinations(): string[] {
  const names = Object.keys(values) as (keyof typeof values)[];
  const queries = new Set(['', ...Object.values(values).flat()]);
  for (let chosen = 1; chosen < 2 ** names.length; chosen++) {
    const used = names.filter((_, index) => chosen & (1 << index));
    for (const at of [0, 1]) queries.add(used.map((name) => values[name][at] ?? values[name][0]).join('&'));
  }
  return [...queries];
}

/** The queries of one or two parameters in each order that they can have. */
function sortedCombinations(): string[] {
  return combinations()
    .filter((query) => new Set(new URLSearchParams(query).keys()).size <= 2)
    .flatMap((query) =>
      ['_id', '-_id', '_lastUpdated', '-_lastUpdated', 'date', '-date'].map((sort) => `${query}&_sort=${sort}`),
    )
    .filter((query) => sortFault(parse(query)) === undefined);
}

/** The definition of the order, computed without an index. Resources without a date are before the others. */
function inOrder(ids: readonly string[], { sort, patients, records = [] }: ResourceSearch): string[] {
  if (!sort) throw new Error('The search has no order.');
  const keyOf = (id: string): (number | string)[] => {
    const { resourceId, lastUpdated, keys } = documents.find((document) => document.resourceId === id) ?? fail(id);
    const { dateStart, dateEnd } = keys;
    const dates = [
      ...(patients.length + records.length > 0 ? [] : [dateEnd?.getTime() ?? -1]),
      dateStart?.getTime() ?? -1,
    ];
    const fields = { _id: [], _lastUpdated: [lastUpdated.getTime()], date: dates };
    return [...fields[sort.field], resourceId];
  };
  const compare = (left: (number | string)[], right: (number | string)[]): number => {
    const at = left.findIndex((value, index) => value !== right[index]);
    return at === -1 ? 0 : (left[at] ?? 0) < (right[at] ?? 0) ? -1 : 1;
  };
  const sorted = ids.toSorted((left, right) => compare(keyOf(left), keyOf(right)));
  return sort.isDescending ? sorted.toReversed() : sorted;
}

function fail(id: string): never {
  throw new Error(`${id} was never stored`);
}

interface Named {
  readonly reference: string;
}

/** The definitions of FHIR: https://hl7.org/fhir/R4/search.html#prefix. */
function isInRange({ prefix, start, end }: DateCriterion, from: Date | undefined, to: Date | undefined): boolean {
  if (!from || !to) return false;
  const isInside = from >= start && to <= end;
  const before = from < start;
  const after = to > end;
  const outcome = { eq: isInside, ne: !isInside, gt: after, lt: before, ge: after || isInside, le: before || isInside };
  return { ...outcome, sa: from > end, eb: to < start }[prefix];
}

function expectedIds({
  ids,
  patients,
  records = [],
  tokens,
  excluded = [],
  dates,
  lastUpdated,
}: ResourceSearch): string[] {
  const matching = documents.filter(({ resourceId, keys, lastUpdated: at }, index) => {
    const isNamed = ids?.includes(resourceId) ?? true;
    const { subject, performer = [] } = observations[index] as unknown as Record<'subject', Named> & {
      performer?: Named[];
    };
    const refersTo = (anyOf: readonly string[], elements: readonly Named[]) =>
      elements.some(({ reference }) => anyOf.includes(reference.replace('Patient/', '')));
    const isOfPatient =
      patients.every((anyOf) => refersTo(anyOf, [subject])) &&
      records.every((anyOf) => refersTo(anyOf, [subject, ...performer]));
    const hasTokens = tokens.every((anyOf) => anyOf.some((token) => keys.tokens?.includes(token)));
    const isExcluded = excluded.some(({ tokens: none }) => none.some((token) => keys.tokens?.includes(token)));
    const isDated = dates.every((anyOf) => anyOf.some((date) => isInRange(date, keys.dateStart, keys.dateEnd)));
    const isUpdated = lastUpdated.every((anyOf) => anyOf.some((date) => isInRange(date, at, at)));
    return isNamed && isOfPatient && hasTokens && !isExcluded && isDated && isUpdated;
  });
  return matching.map(({ resourceId }) => resourceId);
}

interface Stage {
  readonly stage: string;
  readonly indexName?: string;
  readonly inputStage?: Stage;
  readonly inputStages?: readonly Stage[];
}

function stagesOf(plan: Stage): Stage[] {
  return [plan, ...[plan.inputStage ?? [], plan.inputStages ?? []].flat().flatMap(stagesOf)];
}

/** The same query that the repository sends. */
function findPage(
  { conditions, index, isObvious, isDescending, order }: Omit<ResourceQuery, 'patients'>,
  limit: number,
) {
  return database
    .collection('Observation')
    .find({ $and: [...conditions] }, isObvious ? {} : { hint: index })
    .sort(order.map(({ name }) => [name, isDescending ? -1 : 1] as [string, 1 | -1]))
    .limit(limit);
}

describe('the resource repository (all searches)', () => {
  test('every resource search uses an index and needs no sort', async () => {
    for (const query of [...combinations(), ...sortedCombinations()]) {
      const search = parse(query);
      const resourceQuery = toResourceQuery({ ...collection, search });
      const { index, order } = resourceQuery;
      const [first] = await collect(store.resourceSearch.search({ ...collection, search, limit: 1 }));
      const cursor = first?.cursor();
      const position = cursor === undefined ? undefined : readCursor({ ...collection, search, order, cursor });
      const pages = [
        ...pageQueries({ query: resourceQuery, position: undefined }),
        ...(position ? pageQueries({ query: resourceQuery, position }) : []),
      ];
      for (const page of pages) {
        const after = page.conditions;
        const explained = await findPage({ ...resourceQuery, ...page }, 100).explain('queryPlanner');
        const stages = stagesOf(explained.queryPlanner.winningPlan);
        const names = stages.map(({ stage }) => stage);
        expect({ query, after, names, scans: names.some((name) => name === 'IXSCAN' || name === 'EOF') }).toMatchObject(
          { scans: true },
        );
        expect({ query, after, names: names.filter((name) => name === 'COLLSCAN' || name === 'SORT') }).toMatchObject({
          names: [],
        });
        const used = stages.map(({ indexName }) => indexName).filter((name) => name !== undefined);
        expect({ query, used: [...new Set(used)] }).toMatchObject({ used: names.includes('EOF') ? [] : [index] });
      }
    }
  });

  test.each(['code=c1', '_lastUpdated=ge2000', 'date=ge2000', 'patient=p1', 'subject=p1', 'record=p1'])(
    'a page of the search %s examines as many keys as it has resources, however many match',
    async (query) => {
      const resourceQuery = toResourceQuery({ ...collection, search: parse(query) });
      const [page] = pageQueries({ query: resourceQuery, position: undefined });
      if (!page) throw new Error('the search has no page');
      expect((await findPage({ ...resourceQuery, ...page }, 1000).toArray()).length).toBeGreaterThan(2);
      const { executionStats } = await findPage({ ...resourceQuery, ...page }, 2).explain('executionStats');
      expect(executionStats).toMatchObject({ nReturned: 2, totalKeysExamined: 2, totalDocsExamined: 2 });
    },
  );

  test('every resource search finds each resource that FHIR defines as a match once, and the same resources in pages, a stream and a count', async () => {
    for (const query of combinations()) {
      const search = parse(query);
      const allIds = idsOf(await collect(store.resourceSearch.stream({ ...collection, search }))).sort();
      expect({ query, ids: allIds }).toEqual({ query, ids: expectedIds(search) });
      expect({ query, count: await store.resourceSearch.count({ ...collection, search }) }).toEqual({
        query,
        count: allIds.length,
      });
      const pages = await readPages(query, 7);
      expect({ query, ids: pages.flat().sort() }).toEqual({ query, ids: allIds });
      expect(allIds).not.toContain('gone');
    }
    expect((await readPages('', 1000)).flat()).toEqual(idsOf(observations));
  });

  test('every sorted resource search returns each match once, in the requested order over all pages', async () => {
    const queries = sortedCombinations();
    expect(queries.length).toBeGreaterThan(100);
    for (const query of queries) {
      const search = parse(query);
      expect({ query, ids: (await readPages(query, 7)).flat() }).toEqual({
        query,
        ids: inOrder(expectedIds(search), search),
      });
    }
  });
});

describe("a date search, by FHIR's examples", () => {
  const from21January = { start: '2013-01-21' };
  const until21January = { end: '2013-01-21' };
  const from15March = { start: '2013-03-15' };
  const instant = (text: string) => ({ start: text, end: text });
  const examples = [
    { date: 'eq2013-01-14', period: instant('2013-01-14T00:00'), matches: true },
    { date: 'eq2013-01-14', period: instant('2013-01-14T10:00'), matches: true },
    { date: 'eq2013-01-14', period: instant('2013-01-15T00:00'), matches: false },
    { date: 'ne2013-01-14', period: instant('2013-01-15T00:00'), matches: true },
    { date: 'ne2013-01-14', period: instant('2013-01-14T00:00'), matches: false },
    { date: 'ne2013-01-14', period: instant('2013-01-14T10:00'), matches: false },
    { date: 'lt2013-01-14T10:00', period: instant('2013-01-14'), matches: true },
    { date: 'gt2013-01-14T10:00', period: instant('2013-01-14'), matches: true },
    { date: 'ge2013-03-14', period: from21January, matches: true },
    { date: 'le2013-03-14', period: from21January, matches: true },
    { date: 'le2013-01-20', period: from21January, matches: false },
    { date: 'sa2013-03-14', period: from15March, matches: true },
    { date: 'sa2013-03-14', period: from21January, matches: false },
    { date: 'sa2013-03-14', period: until21January, matches: false },
    { date: 'sa2013-03-14', period: { start: '2013-03-14T10:00', end: '2013-03-20' }, matches: false },
    { date: 'sa2013-03-14', period: instant('2013-03-14T10:00'), matches: false },
    { date: 'sa2013-03-14', period: instant('2013-03-15T00:00'), matches: true },
    { date: 'sa2013-03', period: instant('2013-03-14'), matches: false },
    { date: 'eb2013-03-14', period: { start: '2013-03-10', end: '2013-03-14T10:00' }, matches: false },
    { date: 'eb2013-03-14', period: instant('2013-03-13T23:59'), matches: true },
    { date: 'eb2013-03-14', period: from15March, matches: false },
    { date: 'eb2013-03-14', period: from21January, matches: false },
    { date: 'eb2013-03-14', period: until21January, matches: true },
    { date: 'eq2013', period: from21January, matches: false },
    { date: '2013-01-21T02:00:00+02:00', period: instant('2013-01-21T00:00:00Z'), matches: true },
    { date: 'gt2013-01-21T02:00:00+02:00', period: instant('2013-01-21T00:00:00Z'), matches: false },
    { date: 'lt2013-01-21T02:00:01+02:00', period: instant('2013-01-21T00:00:00Z'), matches: true },
  ];
  beforeAll(async () => {
    const encounters = examples.map(({ period }, index) => ({ resourceType: 'Encounter', id: `e${index}`, period }));
    await store.resourceWriter.write(
      'Encounter',
      encounters.map((encounter) => makeDocument(encounter)),
    );
  });

  test.each(examples.map((example, index) => ({ ...example, index })))(
    'a search for date=$date returns $matches for the period $period',
    async ({ date, index, matches }) => {
      const query = new URLSearchParams({ date }).toString();
      const encounters = { connectionId: 'conn_1', resourceType: 'Encounter', limit: 1000 };
      const resources = await collect(store.resourceSearch.search({ ...encounters, search: parse(query) }));
      expect(idsOf(resources.map(({ resource }) => resource)).includes(`e${index}`)).toBe(matches);
    },
  );
});

describe('the resource repository (searches)', () => {
  test.each([
    { query: 'patient=p1', matches: (index: number) => index % 12 === 1 },
    { query: 'code=http://loinc.org|c1', matches: (index: number) => index % 4 === 1 },
    { query: 'code=http://other|c1', matches: () => false },
    { query: 'code=|c1', matches: () => false },
    { query: 'code=|local', matches: () => true },
    { query: 'code=c1,c2&category=laboratory', matches: (index: number) => index % 4 === 2 },
    { query: 'status=amended&patient=p4,p5', matches: (index: number) => index % 12 === 4 },
    { query: '_id=o0001,o0002&patient=p1', matches: (index: number) => index === 1 },
    { query: '_id=o0001&_id=o0002', matches: () => false },
    { query: 'record=p3&record=p4', matches: (index: number) => index % 24 === 3 },
    { query: 'record=p4&patient=p3', matches: (index: number) => index % 24 === 3 },
    { query: 'patient=p3&patient=p4', matches: () => false },
    { query: '_id=o0003,o0004&record=p4&patient=p3', matches: (index: number) => index === 3 },
    { query: '_lastUpdated=2024-06-01', matches: (index: number) => index % 3 === 0 },
    { query: '_lastUpdated=lt2024-05-02', matches: (index: number) => index % 3 !== 0 && index % 20 === 0 },
  ])('a resource search for $query finds the matching observations', async ({ query, matches }) => {
    const expected = idsOf(observations.filter((_, index) => matches(index)));
    expect((await readPages(query, 1000)).flat().sort()).toEqual(expected);
  });

  test('a resource search for one patient returns resources in the order of their dates', async () => {
    const resources = await collect(
      store.resourceSearch.search({ ...collection, search: parse('patient=p1'), limit: 100 }),
    );
    const dates = resources.map(({ resource }) => {
      const { effectiveDateTime, effectivePeriod } = resource as {
        effectiveDateTime?: string;
        effectivePeriod?: { start: string };
      };
      return effectiveDateTime ?? effectivePeriod?.start ?? '';
    });
    expect(dates).toEqual(dates.toSorted());
  });

  test.each([
    { query: '_id=o0001&_sort=date', fault: /_id/ },
    { query: 'patient=p1&_sort=_lastUpdated', fault: /date or -date/ },
    { query: 'patient=p1,p2&_sort=date', fault: /one patient/ },
    { query: 'patient=p1,p1&_sort=-date', fault: undefined },
  ])('a resource search for $query is sorted only if an index has the order', ({ query, fault }) => {
    if (fault) expect(sortFault(parse(query))).toMatch(fault);
    else expect(sortFault(parse(query))).toBeUndefined();
  });

  test('a resource search finds nothing if no resource of the type was ever stored', async () => {
    const search = parse('date=2024');
    const neverStored = { connectionId: 'conn_1', resourceType: 'VisionPrescription', search };
    expect(await collect(store.resourceSearch.search({ ...neverStored, limit: 1 }))).toEqual([]);
    expect(await store.resourceSearch.count(neverStored)).toBe(0);
  });

  test('a resource search finds nothing if only a deletion of the type was stored', async () => {
    await store.resourceWriter.write('Substance', [toTombstone({ resourceId: 'gone', context })]);
    for (const query of ['', 'patient=p', 'code=x', 'date=2024', '_lastUpdated=2024', '_id=gone']) {
      const resources = store.resourceSearch.search({
        connectionId: 'conn_1',
        resourceType: 'Substance',
        search: parse(query),
        limit: 1,
      });
      expect(await collect(resources)).toEqual([]);
    }
  });

  test('a resource search accepts only its own cursors', async () => {
    const search = parse('patient=p7');
    const [first] = await collect(store.resourceSearch.search({ ...collection, search, limit: 1 }));
    const cursor = first?.cursor() ?? '';
    expect(store.resourceSearch.isCursorOf({ ...collection, search, cursor })).toBe(true);
    const changed = (change: (values: unknown[]) => unknown[]) =>
      Buffer.from(JSON.stringify(change(JSON.parse(Buffer.from(cursor, 'base64url').toString())))).toString(
        'base64url',
      );
    for (const invalidCursor of [
      '',
      '!',
      'e30',
      `${cursor}x`,
      changed((all) => all.slice(1)),
      changed((all) => [...all, 1]),
    ]) {
      expect(store.resourceSearch.isCursorOf({ ...collection, search, cursor: invalidCursor })).toBe(false);
    }
    const withOperator = changed(([digest, , ...rest]) => [digest, { $gt: '' }, ...rest]);
    expect(store.resourceSearch.isCursorOf({ ...collection, search, cursor: withOperator })).toBe(false);
    expect(store.resourceSearch.isCursorOf({ ...collection, search: parse('patient=p8'), cursor })).toBe(false);
    expect(store.resourceSearch.isCursorOf({ ...collection, connectionId: 'conn_10', search, cursor })).toBe(false);
    expect(store.resourceSearch.isCursorOf({ ...collection, resourceType: 'Condition', search, cursor })).toBe(false);
  });

  test('a resource search is stopped with advice to narrow it if it takes the database too long', async () => {
    const goalDocuments = Array.from({ length: 20_000 }, (_, index) => ({
      ...makeDocument({ resourceType: 'Goal', id: `g${index}`, status: 'x' }),
      _id: `conn_1/g${index}`,
    }));
    await store.prepareResourceTypes(['Goal']);
    await database.collection('Goal').insertMany(goalDocuments as never[]);
    const impatient = new ResourceSearchRepository(new Database(database), { pageTimeMs: 1 });
    const goals = { connectionId: 'conn_1', resourceType: 'Goal', search: parse('status=x&category=none,no') };
    const stopped = { code: 'search-too-costly', message: expect.stringContaining('Narrow') };
    await expect(impatient.count({ ...goals, search: parse('status=x') })).rejects.toMatchObject(stopped);
    await expect(collect(store.resourceSearch.search({ ...goals, limit: 1 }))).resolves.toEqual([]);
  });

  test('a stream is stopped with advice to narrow it if the database finds nothing for too long', async () => {
    const basics = Array.from({ length: 20_000 }, (_, index) => ({
      ...makeDocument({ resourceType: 'Basic', id: `b${index}` }),
      _id: `conn_1/b${index}`,
      ...changedNow,
    }));
    await store.prepareResourceTypes(['Basic']);
    await database.collection('Basic').insertMany(basics as never[]);
    // No index finds what one of two searches finds, so all resources are read.
    const searches = [parse('status=none'), parse('category=none')];
    const selection = { connectionId: 'conn_1', resourceType: 'Basic', searches };
    const hasty = new ResourceSearchRepository(new Database(database), { replyTimeMs: 1 });
    const changes = new ResourceChangeRepository(new Database(database), { replyTimeMs: 1 });
    const stopped = { code: 'search-too-costly', message: expect.stringContaining('Narrow') };
    await expect(collect(hasty.streamNdjson(selection))).rejects.toMatchObject(stopped);
    await expect(collect(hasty.streamBatches(selection))).rejects.toMatchObject(stopped);
    await expect(collect(changes.readOnce({ ...selection, since: new Date(0) }))).rejects.toMatchObject(stopped);
    expect(await collect(store.resourceSearch.streamBatches(selection))).toEqual([]);
  });

  test('a resource search stops reading when its caller aborts it', async () => {
    // Several chunks.
    const note = [{ text: 'x'.repeat(1000) }];
    const devices = Array.from({ length: 240 }, (_, index) =>
      makeDocument({ resourceType: 'Device', id: `d${index}`, note }),
    );
    await store.resourceWriter.write('Device', devices);
    const controller = new AbortController();
    const resources: unknown[] = [];
    const read = async () => {
      for await (const resource of store.resourceSearch.stream({
        ...collection,
        resourceType: 'Device',
        search: parse(''),
        signal: controller.signal,
      })) {
        resources.push(resource);
        controller.abort();
      }
    };
    await expect(read()).rejects.toMatchObject({ name: 'AbortError' });
    expect(resources.length).toBeLessThan(devices.length);
  });
});
