import { readSearchBundle } from '@bulkhead/fhir';
import { findSuperlinear, type Reader } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { makeSyncRun } from '../testing/make-sync-run.ts';
import { groupByType } from './store-search-page.ts';

const search = { lead: { resourceType: 'Condition' }, carried: [] } as never;

function groupPage(text: string): void {
  const reading = readSearchBundle(JSON.parse(text));
  if ('fault' in reading) throw new Error(reading.fault);
  groupByType({ page: { ...reading.page, servedAt: new Date() }, search, run: makeSyncRun({ types: ['Condition'] }) });
}

const readers: readonly Reader[] = [
  {
    name: 'the entries of a search page',
    parse: groupPage,
    wrap: (entry) => `{"resourceType":"Bundle","entry":${entry}}`,
    listElements: ['{"resource":{"resourceType":"Condition"}}'],
  },
];

test.each(readers)('$name are grouped in time that grows no faster than their number', async (reader) => {
  expect(await findSuperlinear(reader)).toEqual([]);
});
