import { parseMediaType } from '@bulkhead/fhir';
import { expect, test } from '@jest/globals';
import { contentTypeVerdict } from './content-type-policy.ts';

test.each([
  { mediaType: 'application/pdf', verdict: 'stored' },
  { mediaType: 'image/tiff', verdict: 'stored' },
  { mediaType: 'text/plain', verdict: 'stored' },
  { mediaType: 'application/hl7-v3+xml', verdict: 'stored' },
  { mediaType: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', verdict: 'stored' },
  { mediaType: 'text/html', verdict: 'active' },
  { mediaType: 'text/javascript', verdict: 'active' },
  { mediaType: 'text/ecmascript', verdict: 'active' },
  { mediaType: 'text/jscript', verdict: 'active' },
  { mediaType: 'text/vbscript', verdict: 'active' },
  { mediaType: 'image/svg+xml', verdict: 'active' },
  { mediaType: 'application/xhtml+xml', verdict: 'active' },
  { mediaType: 'application/javascript', verdict: 'refused' },
  { mediaType: 'application/octet-stream', verdict: 'refused' },
  { mediaType: 'application/pdfx', verdict: 'refused' },
  { mediaType: 'x-application/pdf', verdict: 'refused' },
  { mediaType: 'x-application/hl7-v3+xml', verdict: 'refused' },
  { mediaType: 'x-application/vnd.openxmlformats-officedocument.x', verdict: 'refused' },
  { mediaType: 'x-image/png', verdict: 'refused' },
  { mediaType: 'audio/mpeg', verdict: 'refused' },
])('the verdict for content of type $mediaType is $verdict', ({ mediaType, verdict }) => {
  expect(contentTypeVerdict({ mediaType, withMedia: false })).toBe(verdict);
});

test('audio and video are stored only if the deployment enables media', () => {
  expect(contentTypeVerdict({ mediaType: 'video/mp4', withMedia: true })).toBe('stored');
  expect(contentTypeVerdict({ mediaType: 'x-video/mp4', withMedia: true })).toBe('refused');
});

test.each([
  { text: 'Text/HTML; Charset="UTF-8"', parsed: { mediaType: 'text/html', charset: 'utf-8' } },
  { text: ' application/pdf ', parsed: { mediaType: 'application/pdf' } },
  { text: 'a/b; x=charset=y', parsed: { mediaType: 'a/b' } },
  { text: 'text/plain\r\nset-cookie: x', parsed: undefined },
  { text: 'text', parsed: undefined },
  { text: '', parsed: undefined },
  { text: `a/${'b'.repeat(200)}`, parsed: undefined },
])('parseMediaType reads or rejects $text', ({ text, parsed }) => {
  expect(parseMediaType(text)).toEqual(parsed);
});
