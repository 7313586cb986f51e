import type { ManifestEntry } from '@bulkhead/fhir';
import { describe, expect, test } from '@jest/globals';
import { ledgerType, matchFreshLinks, toLedgerEntries } from './ledger-entries.ts';
import type { OutputFile } from './output-file.record.ts';
import { makeOutputFile } from './testing/make-records.ts';

const entry = (url: string, change: Partial<ManifestEntry> = {}): ManifestEntry => ({
  section: 'output',
  type: 'Patient',
  url: `https://files.example/${url}`,
  ...change,
});

const identities = (entries: readonly ManifestEntry[]) => toLedgerEntries(entries).map(({ identity }) => identity);

/** The ledger of a manifest. */
const ledger = (entries: readonly ManifestEntry[]): OutputFile[] =>
  toLedgerEntries(entries).map(({ identity, entry: { count, ...fields } }) =>
    makeOutputFile({ id: `job_1.${identity}`, ...fields, ...(count === undefined ? {} : { promisedCount: count }) }),
  );

test('the identity of a file does not depend on the order of the manifest', () => {
  const entries = [entry('a'), entry('b'), entry('x?id=1'), entry('x?id=2'), entry('a', { section: 'error' })];
  expect(new Set(identities(entries)).size).toBe(5);
  expect(identities(entries.toReversed())).toEqual(identities(entries).toReversed());
});

test('the identity of a file does not change with the signature in its URL', () => {
  expect(identities([entry('a?sig=1')])).toEqual(identities([entry('a?sig=2')]));
});

test('the identity of a file contains the query only if two files share a path', () => {
  const [first, second] = identities([entry('x?id=1'), entry('x?id=2')]);
  expect(first).not.toBe(second);
});

test('the identity of a file is the same in every version of the program', () => {
  // Exports that run during an upgrade have files with these ids.
  expect(identities([entry('a?sig=1'), entry('x?id=1'), entry('x?id=2')])).toEqual([
    'c4ff81d0821e2e50cef53c07',
    'f0adf7e884f76acb836e9951',
    '65daa39338c04ae8ebac54cd',
  ]);
});

test('the type of a file is that of its entry, or unknown if FHIR R4 has no such type', () => {
  expect(['Patient', 'OperationOutcome', 'Foo', ''].map(ledgerType)).toEqual([
    'Patient',
    'OperationOutcome',
    'Resource',
    'Resource',
  ]);
});

test('a URL that is listed more than once is one file', () => {
  expect(toLedgerEntries([entry('a', { count: 3 }), entry('a', { count: 3 })])).toMatchObject([
    { entry: { count: 3 } },
  ]);
});

test('a URL that is listed with different counts is one file without a count', () => {
  const [file, ...others] = toLedgerEntries([entry('a', { count: 3 }), entry('a', { count: 4 })]);
  expect([file?.entry.count, others]).toEqual([undefined, []]);
});

test('a URL that is listed with different types is a file of unknown type', () => {
  const entries = [entry('a', { count: 3 }), entry('a', { type: 'Goal', count: 4 })];
  expect(toLedgerEntries(entries)).toMatchObject([{ entry: { type: 'Resource' } }]);
  expect(toLedgerEntries(entries)[0]?.entry).not.toHaveProperty('count');
});

test('a URL that is listed three times is a file of unknown type even if only one type differs', () => {
  const entries = [entry('a'), entry('a'), entry('a', { type: 'Goal' })];
  expect(toLedgerEntries(entries)).toMatchObject([{ entry: { type: 'Resource' } }]);
});

test('a URL that is listed in two sections is two files', () => {
  expect(toLedgerEntries([entry('a'), entry('a', { section: 'deleted' })])).toHaveLength(2);
});

describe('matchFreshLinks', () => {
  const match = (before: readonly ManifestEntry[], after: readonly ManifestEntry[]) => {
    const files = ledger(before);
    const { links, unmatched } = matchFreshLinks({ files, entries: after });
    const urlOf = new Map(links.map(({ id, url }) => [id, url.replace('https://files.example/', '')]));
    const urls = files.map(({ id }) => urlOf.get(id));
    return { urls, unmatched: unmatched.length };
  };

  test('a fresh link is found by its path, in whatever order', () => {
    expect(match([entry('a?s=1'), entry('b?s=1')], [entry('b?s=2'), entry('a?s=2')])).toEqual({
      urls: ['a?s=2', 'b?s=2'],
      unmatched: 0,
    });
  });

  test('a fresh link is found by type and count if the paths are new and the combinations are unique', () => {
    const before = [entry('a', { count: 3 }), entry('b', { count: 4 }), entry('c', { type: 'Goal', count: 3 })];
    const after = [entry('z', { type: 'Goal', count: 3 }), entry('y', { count: 4 }), entry('x', { count: 3 })];
    expect(match(before, after)).toEqual({ urls: ['x', 'y', 'z'], unmatched: 0 });
  });

  test('a fresh link is found by its path if only one file with the path remains', () => {
    const before = [entry('a?id=1', { count: 3 }), entry('a?id=2', { count: 4 })];
    const after = [entry('a?id=1', { count: 3 }), entry('a?id=3', { count: 5 })];
    expect(match(before, after)).toEqual({ urls: [undefined, 'a?id=3'], unmatched: 0 });
  });

  test('a fresh link is found by its type alone if no counts are promised', () => {
    const before = [entry('a'), entry('b', { type: 'Goal' })];
    expect(match(before, [entry('z', { type: 'Goal' }), entry('y')])).toEqual({ urls: ['y', 'z'], unmatched: 0 });
  });

  test('a fresh link of a type that FHIR does not know is found by the type in the ledger', () => {
    const [file] = ledger([entry('a', { count: 3 })]) as [OutputFile];
    const files = [{ ...file, type: 'Resource' }];
    const { links } = matchFreshLinks({ files, entries: [entry('x', { type: 'Foo', count: 3 })] });
    expect(links).toEqual([{ id: file.id, url: 'https://files.example/x' }]);
  });

  test.each([
    { name: 'another section', after: entry('x', { section: 'deleted', count: 3 }) },
    { name: 'another type', after: entry('x', { type: 'Goal', count: 3 }) },
    { name: 'another count', after: entry('x', { count: 4 }) },
    { name: 'no count', after: entry('x') },
    { name: 'the path in another section', after: entry('a?s=2', { section: 'error', count: 3 }) },
    { name: 'the path at another host', after: { ...entry('', { count: 4 }), url: 'https://other.example/a' } },
  ])('a fresh link is not taken from an entry with $name', ({ after }) => {
    expect(match([entry('a', { count: 3 })], [after])).toEqual({ urls: [undefined], unmatched: 1 });
  });

  test('a fresh link is not guessed if it could belong to two files', () => {
    const before = [entry('a', { count: 3 }), entry('b', { count: 3 })];
    expect(match(before, [entry('x', { count: 3 }), entry('y', { count: 3 })])).toEqual({
      urls: [undefined, undefined],
      unmatched: 2,
    });
  });

  test('a fresh link is never given to two files', () => {
    const before = [entry('a', { count: 3 }), entry('b', { count: 3 })];
    const { urls } = match(before, [entry('b?s=2', { count: 3 }), entry('x', { count: 3 })]);
    expect(urls).toEqual(['x', 'b?s=2']);
  });

  test('fresh links are found among 20,000 files', () => {
    const before = Array.from({ length: 20_000 }, (_, index) => entry(`${index}?s=1`, { count: 1 }));
    const after = before.toReversed().map(({ url, ...fields }) => ({ ...fields, url: url.replace('s=1', 's=2') }));
    expect(match(before, after).urls.every((url, index) => url === `${index}?s=2`)).toBe(true);
  });
});
