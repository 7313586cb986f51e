import { findSuperlinear, type Reader } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { readDeletions } from './bulk-data/deletions.ts';
import { readManifestEntry } from './bulk-data/manifest.ts';
import { scopeCovers, scopeFault } from './bulk-data/scopes.ts';
import { parseFhirJson } from './json/parse-json.ts';
import { parseResourceLine } from './ndjson/parse-resource-line.ts';
import { unstorableReason } from './ndjson/unstorable.ts';
import { readAttachments } from './resources/attachments.ts';
import { readOutcomeIssues, readReportedIssues } from './resources/operation-outcome.ts';
import { patientsOf } from './resources/patient-compartment.ts';
import { readDateRange } from './search/date-range.ts';
import { parseSearch } from './search/parse-search.ts';
import { readSearchBundle } from './search/search-bundle.ts';

const manifestUrl = 'https://ehr.example/status/1';

function parseLine(text: string): void {
  const bytes = Buffer.from(text);
  parseResourceLine({ bytes, line: 1, offset: 0, nextOffset: bytes.length, sizeBytes: bytes.length, isTooLong: false });
}

const resource = (member: string) => (run: string) =>
  `{"resourceType":"Patient","id":"1",${member}:${JSON.stringify(run)}}`;

const parsers: readonly Reader[] = [
  { name: 'a line', parse: parseLine },
  {
    name: 'a line that is cut off inside a string',
    parse: parseLine,
    wrap: (run) => `{"resourceType":"Patient","id":"${run}`,
  },
  { name: 'a line with a long string', parse: parseLine, wrap: resource('"name"') },
  {
    name: 'a line with a long id',
    parse: parseLine,
    wrap: (run) => `{"resourceType":"Patient","id":${JSON.stringify(run)}}`,
  },
  {
    name: 'a line with a long date',
    parse: parseLine,
    wrap: (run) => `{"resourceType":"Patient","id":"1","meta":{"lastUpdated":${JSON.stringify(run)}}}`,
  },
  {
    name: 'a line with a long number',
    parse: parseLine,
    wrap: (run) => `{"resourceType":"Patient","id":"1","a":1${run}}`,
  },
  { name: 'a JSON document', parse: (text) => parseFhirJson(Buffer.from(text)) },
  {
    name: 'a JSON document that is cut off inside a string',
    parse: (text) => parseFhirJson(Buffer.from(text)),
    wrap: (run) => `{"a":"${run}`,
  },
  {
    name: 'the URL of a manifest',
    parse: (url) => readManifestEntry({ section: 'output', value: { type: 'Patient', url }, manifestUrl }),
  },
  {
    name: 'the type of a manifest',
    parse: (type) => readManifestEntry({ section: 'output', value: { type, url: 'a' }, manifestUrl }),
  },
  {
    name: 'the link of a search page',
    parse: (url) => readSearchBundle({ resourceType: 'Bundle', type: 'searchset', link: [{ relation: 'next', url }] }),
  },
  {
    name: 'the texts of an OperationOutcome',
    parse: (text) =>
      readOutcomeIssues({
        resourceType: 'OperationOutcome',
        issue: [{ severity: text, code: text, diagnostics: text, details: { text } }],
      }),
  },
  {
    name: 'the issues of an error file',
    parse: (text) =>
      readReportedIssues({
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'error', code: text, diagnostics: text }],
      }),
  },
  {
    name: 'the URL of a deletion',
    parse: (url) =>
      readDeletions({ resourceType: 'Bundle', type: 'transaction', entry: [{ request: { method: 'DELETE', url } }] }),
  },
  {
    name: 'an attachment',
    parse: (text) =>
      readAttachments({
        resourceType: 'DiagnosticReport',
        id: '1',
        presentedForm: [{ url: text, contentType: text, title: text, data: text }],
      } as never),
  },
  {
    name: 'a reference',
    parse: (reference) => patientsOf({ resourceType: 'Observation', id: '1', subject: { reference } } as never),
  },
  { name: 'a stored text', parse: (text) => unstorableReason({ text }) },
  {
    name: 'granted scopes',
    parse: (scope) => [scopeFault({ scope, withUser: true }), scopeCovers({ scope, resourceType: 'Patient' })],
  },
  { name: 'the date of a search', parse: readDateRange },
  ...['patient', 'date', 'code', '_lastUpdated', '_count', 'other'].map((name) => ({
    name: `the search parameter ${name}`,
    parse: (value: string) => parseSearch([[name, value]]),
  })),
];

test.each(parsers)('$name is read in time that grows no faster than its size', async (parser) =>
  expect(await findSuperlinear(parser)).toEqual([]),
);
