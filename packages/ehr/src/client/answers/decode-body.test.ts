import { expect, test } from '@jest/globals';
import { contentCodings } from './decode-body.ts';

test.each([
  { headers: {}, codings: [] },
  { headers: { 'content-encoding': 'identity' }, codings: [] },
  { headers: { 'content-encoding': ' GZip ,, identity, br' }, codings: ['gzip', 'br'] },
  { headers: { 'content-encoding': 'rot13' }, codings: ['rot13'] },
  { headers: { 'content-type': 'application/gzip' }, codings: ['gzip'] },
  { headers: { 'content-type': 'Application/X-Gzip; name="a"' }, codings: ['gzip'] },
  { headers: { 'content-type': 'application/gzip', 'content-encoding': 'identity' }, codings: ['gzip'] },
  { headers: { 'content-type': 'application/gzip', 'content-encoding': 'br' }, codings: ['br'] },
  { headers: { 'content-type': 'application/fhir+ndjson' }, codings: [] },
  { headers: { 'content-type': 'not a media type' }, codings: [] },
])('contentCodings returns $codings for $headers', ({ headers, codings }) => {
  expect(contentCodings(headers)).toEqual(codings);
});
