import { expect, test } from '@jest/globals';
import { linkedBinaries } from './linked-binaries.ts';

test.each([
  ['the URL of an attachment', { content: [{ attachment: { url: 'Binary/b1' } }] }],
  ['an absolute URL with a query', { photo: [{ url: 'https://ehr.example/r4/Binary/b1?v=2' }] }],
  ['a version', { content: { url: 'Binary/b1/_history/2' } }],
  ['a percent-encoded URL', { content: { url: 'https://ehr.example/r4/Binary%2Fb1' } }],
  ['a reference', { entity: [{ what: { reference: 'Binary/b1' } }] }],
  ['a contained resource', { contained: [{ resourceType: 'Media', content: { url: 'Binary/b1' } }] }],
  ['an extension', { extension: [{ url: 'https://example.org/scan', valueUrl: 'Binary/b1' }] }],
])('a Binary is found by %s', (_, resource) => {
  expect(linkedBinaries(resource)).toEqual(['b1']);
});

test.each([
  ['a text that only contains a reference', { text: { div: '<a href="Binary/b1">scan</a>' } }],
  ['the data of an attachment', { content: { data: `Binary/${'b'.repeat(20_000)}` } }],
  ['another type', { url: 'https://ehr.example/r4/NotBinary/b1' }],
  ['no resource', undefined],
])('no Binary is found in %s', (_, resource) => {
  expect(linkedBinaries(resource)).toEqual([]);
});

test('the Binaries of a resource that is nested 100,000 levels deep are found without exhausting the stack', () => {
  let resource: unknown = { url: 'Binary/b1' };
  for (let depth = 0; depth < 100_000; depth++) resource = [resource];
  expect(linkedBinaries(resource)).toEqual(['b1']);
});
