import { everyResource, parseSearch, type ResourceSearch, searchParametersOf } from '@bulkhead/fhir';
import { openTestStore } from '@bulkhead/store/testing';
import { afterAll, expect, test } from '@jest/globals';
import { pageQueries, toResourceQuery } from '../index.ts';
import { allConditions, type Condition } from '../read/resource-query.ts';
import { resourceFeature } from '../resource.feature.ts';
import { makeDocument } from '../testing/index.ts';

const { store, database, close } = await openTestStore((context) =>
  resourceFeature.open({ ...context, rawWrites: () => undefined }),
);
afterAll(close);

const connectionId = 'conn_1';
const ownTotal = 30;
const othersTotal = 300;

/** Every tenth is about another patient, and performed by this one. */
function makeObservation(id: string, index: number, patient: string): object {
  const isAboutOther = index % 10 === 9;
  return {
    resourceType: 'Observation',
    id,
    meta: { lastUpdated: new Date(Date.UTC(2024, 4, 1 + (index % 20))).toISOString(), security: [{ code: 'R' }] },
    status: 'final',
    category: [{ coding: [{ system: 'http://cat', code: 'laboratory' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: `c${index % 2}` }] },
    subject: { reference: `Patient/${isAboutOther ? 'child' : patient}` },
    performer: [{ reference: `Patient/${patient}` }],
    encounter: { reference: `https://ehr.example/Encounter/e${index % 3}/_history/1` },
    effectiveDateTime: `2024-01-${String(1 + (index % 28)).padStart(2, '0')}`,
  };
}

async function write(ids: readonly string[], patientOf: (index: number) => string): Promise<void> {
  const documents = ids.map((id, index) => makeDocument(makeObservation(id, index, patientOf(index))));
  await store.resourceWriter.write('Observation', documents);
}

const idsOf = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

/** A value of each parameter that many resources of all patients have. */
const values: Readonly<Record<string, string>> = {
  _id: idsOf('own', ownTotal).join(','),
  _lastUpdated: 'ge2024-05-01',
  _security: 'R',
  category: 'laboratory',
  code: 'c1',
  date: 'ge2024-01-01',
  status: 'final',
  encounter: 'e1,Encounter/e2',
  'status:not': 'amended',
};

interface Named {
  readonly what: string;
  readonly search: ResourceSearch;
}

/** Each way to name a patient, alone and with each parameter and each pair of parameters. */
function searches(): Named[] {
  const names = Object.keys(values);
  const pairs = names.flatMap((name, index) => names.slice(index + 1).map((other) => [name, other]));
  return [[], ...names.map((name) => [name]), ...pairs].flatMap((used) => {
    const query = used.map((name) => `${name}=${values[name]}`).join('&');
    const read = (parameters: string) => {
      const parsed = parseSearch('Observation', new URLSearchParams(parameters));
      if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
      return parsed.request.search;
    };
    const record = query === '' ? everyResource : read(query);
    return [
      ...['patient=mother', 'subject=Patient/mother', 'patient=mother,nobody'].map((patient) => ({
        what: `${patient} with ${used}`,
        search: read(`${patient}&${query}`.replace(/&$/, '')),
      })),
      { what: `the record with ${used}`, search: { ...record, records: [['mother']] } },
    ];
  });
}

/** The documents that the pages, and a count or a stream, examine. */
async function examined({ search }: Named): Promise<{ documents: number; stages: readonly string[] }> {
  const query = toResourceQuery({ connectionId, search });
  const explain = async (conditions: readonly Condition[], order: readonly { readonly name: string }[]) => {
    const { queryPlanner, executionStats } = await database
      .collection('Observation')
      .find({ $and: [...conditions] }, query.isObvious ? {} : { hint: query.index })
      .sort(order.map(({ name }) => [name, 1] as [string, 1]))
      .explain('executionStats');
    const used = JSON.stringify(queryPlanner.winningPlan).match(/COLLSCAN|SORT\b|"indexName":"[^"]+"/g) ?? [];
    return { documents: executionStats.totalDocsExamined as number, stages: used };
  };
  const pages = pageQueries({ query, position: undefined });
  const plans = [
    await explain(allConditions(query), []),
    ...(await Promise.all(pages.map((page) => explain(page.conditions, page.order)))),
  ];
  return {
    documents: plans.reduce((sum, plan) => sum + plan.documents, 0),
    stages: [...new Set(plans.flatMap(({ stages }) => stages))].toSorted(),
  };
}

test('every search that names a patient examines the documents of the patient only, however many others have', async () => {
  // A parameter that the table above lacks would not be counted.
  const known = [...Object.keys(values), 'patient', 'subject'].filter(
    (name) => name !== 'encounter' && name !== 'status:not',
  );
  const parameters = [...searchParametersOf('Observation').values()];
  // All references are compared as `encounter` is.
  const keyed = parameters.filter(({ key }) => key.kind !== 'reference').map(({ name }) => name);
  expect(keyed.toSorted()).toEqual(known.toSorted());
  await store.prepareResourceTypes(['Observation']);
  await write(idsOf('own', ownTotal), () => 'mother');
  await write(idsOf('a', othersTotal), (index) => `p${index % 50}`);
  const before = new Map<string, number>();
  for (const search of searches()) before.set(search.what, (await examined(search)).documents);
  for (let round = 0; round < 9; round++) await write(idsOf(`b${round}-`, othersTotal), (index) => `p${index % 50}`);
  for (const search of searches()) {
    const { documents, stages } = await examined(search);
    const index = search.search.ids ? '_id_' : 'by-patient-and-date';
    expect([search.what, documents, stages]).toEqual([
      search.what,
      before.get(search.what),
      [`"indexName":"${index}"`],
    ]);
    expect([search.what, documents <= 4 * ownTotal]).toEqual([search.what, true]);
  }
});
