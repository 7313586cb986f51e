import { type ManifestEntry, readManifestEntry } from '@bulkhead/fhir';
import { findSuperlinear, type Reader } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { matchFreshLinks, toLedgerEntries } from './ledger-entries.ts';
import { manifestWarnings } from './poll/accept-manifest.ts';
import { makeBulkExport, makeOutputFile } from './testing/make-records.ts';

const manifestUrl = 'https://ehr.example/status/1';

function entriesOf(text: string): ManifestEntry[] {
  const values = [JSON.parse(text)].flat() as readonly unknown[];
  return values.flatMap((value, index) => {
    const entry = readManifestEntry({ section: 'output', value, manifestUrl });
    return entry ? [{ ...entry, url: `${entry.url}?${index % 2 === 0 ? index : 0}` }] : [];
  });
}

const filesOf = (text: string) => entriesOf(text).map(({ type, url }) => makeOutputFile({ type, url }));
const listElements = ['{"type":"Patient","url":"https://ehr.example/1"}'];
const smallestBytes = 500_000;

const readers: readonly Reader[] = [
  { name: 'the files of a manifest', parse: (text) => toLedgerEntries(entriesOf(text)) },
  {
    name: 'the fresh links of files',
    parse: (text) => matchFreshLinks({ files: filesOf(text), entries: entriesOf(text) }),
  },
  {
    name: 'what is odd about a manifest',
    parse: (text) => {
      const entries = entriesOf(text);
      const header = { transactionTime: '2026-05-01T10:00:00Z', requiresAccessToken: true };
      const manifest = { ...header, entries, unreadableEntries: 0, statedErrors: [], hasDeletedList: true };
      return manifestWarnings({
        record: makeBulkExport(),
        manifest,
        files: filesOf(text),
        now: new Date(),
        hasEarlier: true,
      });
    },
  },
];

test.each(readers)('$name are read in time that grows no faster than their number', async (reader) => {
  expect(await findSuperlinear({ ...reader, listElements, smallestBytes })).toEqual([]);
});
