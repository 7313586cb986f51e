import { findSuperlinear, type Reader } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import { readDeletions } from './bulk-data/deletions.ts';
import { readManifestEntry } from './bulk-data/manifest.ts';
import { scopeCovers, scopeDoubt, scopeFault } from './bulk-data/scopes.ts';
import { openBinaryJson } from './json/binary-json.ts';
import { cutDepthInSteps } from './json/cut-depth.ts';
import { parseFhirJson } from './json/parse-json.ts';
import { runSteps } from './json/steps.ts';
import { LineSplitter } from './ndjson/line-splitter.ts';
import { parseResourceLine } from './ndjson/parse-resource-line.ts';
import { unstorableReason } from './ndjson/unstorable.ts';
import { readAttachments, withAttachmentUrls } from './resources/attachments.ts';
import { linkedBinaries } from './resources/linked-binaries.ts';
import { isJson, mentionsPatient, possibleIds, possiblePatients } from './resources/mentions-patient.ts';
import { readOutcomeIssues, readReportedIssues } from './resources/operation-outcome.ts';
import { allPatientsOf, isOfPatient, patientsAbout, patientsOf } from './resources/patient-compartment.ts';
import { readReference, referencedId, relativeReference } from './resources/reference.ts';
import { referredTargets } from './resources/referred-targets.ts';
import { isSubsetted } from './resources/resource.ts';
import { readDateRange } from './search/date-range.ts';
import { includedReferences } from './search/include-paths.ts';
import { pageParameterNames, parseSearch } from './search/parse-search.ts';
import { readSearchBundle } from './search/search-bundle.ts';
import { extractSearchKeys } from './search/search-keys.ts';
import { searchParametersOf } from './search/search-parameters.ts';
import { withElements } from './search/search-result.ts';
import { textKeysOf } from './search/search-texts.ts';

const manifestUrl = 'https://ehr.example/status/1';

function parseLine(text: string): void {
  const bytes = Buffer.from(text);
  parseResourceLine({ bytes, line: 1, offset: 0, nextOffset: bytes.length, sizeBytes: bytes.length, isTooLong: false });
}

const resource = (member: string) => (run: string) =>
  `{"resourceType":"Patient","id":"1",${member}:${JSON.stringify(run)}}`;

/** Each parameter once, with a type that has it. */
const searched = [
  ...new Map(
    ['Observation', 'Patient', 'Organization', 'PractitionerRole', 'MedicationRequest', 'Condition'].flatMap((type) =>
      [...searchParametersOf(type).keys(), ...pageParameterNames, 'other'].map((name) => [name, type] as const),
    ),
  ),
].map(([name, type]) => [type, name] as const);

const parsers: readonly Reader[] = [
  { name: 'a line', parse: parseLine },
  { name: 'a text that is cut', parse: (text) => runSteps(cutDepthInSteps(Buffer.from(text), 2)) },
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
  {
    name: 'the references of a resource',
    parse: (reference) => {
      const resource = { resourceType: 'Observation', id: 'o1', performer: [{ reference }] };
      includedReferences(resource, {
        paths: [['performer']],
        targetType: undefined,
        baseUrls: ['https://ehr.example'],
      });
      referredTargets(resource, ['https://ehr.example']);
      readReference(reference, ['https://ehr.example']);
    },
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
    parse: (scope) => [
      scopeFault({ scope, withUser: true }),
      scopeDoubt({ scope, withUser: true }),
      scopeCovers({ scope, resourceType: 'Patient' }),
    ],
  },
  { name: 'the date of a search', parse: readDateRange },
  ...searched.flatMap(([type, name]): Reader[] => [
    {
      smallestBytes: 32_000,
      name: `the search parameter ${name} of ${type}`,
      parse: (value) => parseSearch(type, [[name, value]]),
    },
    {
      smallestBytes: 32_000,
      name: `the repeated search parameter ${name} of ${type}`,
      parse: (text) =>
        parseSearch(
          type,
          text.split(',').map((value) => [name, value]),
        ),
    },
  ]),
  {
    name: 'ids that exclude each other',
    parse: (text) =>
      parseSearch('Observation', [
        ['_id', text],
        ['_id', `x,${text}`],
      ]),
  },
  {
    name: 'unknown search parameters',
    parse: (text) =>
      parseSearch(
        'Patient',
        text.split(',').map((name) => [name, 'a']),
      ),
  },
];

const parsed = (read: (value: never) => unknown) => (text: string) => read(JSON.parse(text) as never);
const member = (type: string, name: string) => (value: string) =>
  `{"resourceType":"${type}","id":"1","${name}":${value}}`;

/** Readers of lists, objects and deep nesting, which `listElements` asks for. */
const structures: readonly Reader[] = [
  { name: 'a line with a long or deep element', parse: parseLine, wrap: member('Patient', 'a'), listElements: [] },
  { name: 'a long or deep JSON document', parse: (text) => parseFhirJson(Buffer.from(text)), listElements: [] },
  {
    name: 'a long or deep line that is searched for a patient',
    parse: (text) => [
      mentionsPatient(Buffer.from(text), 'p1'),
      [...possiblePatients(Buffer.from(text)), ...possibleIds(text)],
    ],
    listElements: ['{"reference":"Patient/p2"}'],
  },
  { name: 'a long reference', parse: (text) => [relativeReference(text), referencedId(text, 'Patient')] },
  { name: 'a text that may be JSON', parse: (text) => isJson(Buffer.from(text)) },
  { name: 'a resource with many links', parse: parsed(linkedBinaries), listElements: ['{"url":"Binary/1"}'] },
  { name: 'a long or deep value', parse: parsed((value) => unstorableReason(value)), listElements: [] },
  {
    name: 'a search page of many entries',
    parse: parsed(readSearchBundle),
    wrap: member('Bundle', 'entry'),
    listElements: ['{"resource":{"resourceType":"OperationOutcome","issue":[{}]}}'],
  },
  {
    name: 'a search page of many links',
    parse: parsed(readSearchBundle),
    wrap: member('Bundle', 'link'),
    listElements: ['{"relation":"self","url":"a"}'],
  },
  {
    name: 'an entry of a manifest',
    parse: parsed((value) => readManifestEntry({ section: 'output', value, manifestUrl })),
    wrap: (value) => `{"url":"a","type":"Patient","extension":${value}}`,
    listElements: [],
  },
  {
    name: 'an OperationOutcome of many issues',
    parse: parsed((outcome) => [readOutcomeIssues(outcome), readReportedIssues(outcome)]),
    wrap: member('OperationOutcome', 'issue'),
    listElements: ['{"severity":"error","code":"exception","diagnostics":"Observation/1"}'],
  },
  {
    name: 'an issue of many expressions',
    parse: parsed(readReportedIssues),
    wrap: (value) => member('OperationOutcome', 'issue')(`[{"expression":${value}}]`),
    listElements: ['"Patient.name"'],
  },
  {
    name: 'a Bundle of many deletions',
    parse: parsed(readDeletions),
    wrap: member('Bundle', 'entry'),
    listElements: ['{"request":{"method":"DELETE","url":"Patient/1"}}'],
  },
  {
    name: 'a resource of many attachments',
    parse: parsed((resource) => [readAttachments(resource), withAttachmentUrls(resource, ({ url }) => `x/${url}`)]),
    wrap: member('DocumentReference', 'content'),
    listElements: ['{"attachment":{"url":"a"}}'],
  },
  {
    name: 'a Group of many patients',
    parse: parsed((resource) => [
      patientsAbout(resource, patientsOf(resource)),
      allPatientsOf(resource),
      isOfPatient(resource, () => false),
    ]),
    wrap: member('Group', 'member'),
    listElements: ['{"entity":{"reference":"Patient/1"}}'],
  },
  ...['code', 'category', 'performedTiming'].map((name) => ({
    name: `the search keys of a long ${name}`,
    parse: parsed(extractSearchKeys),
    wrap: (value: string) => member('Procedure', name)(name === 'performedTiming' ? `{"event":${value}}` : value),
    listElements: ['{"coding":[{"code":"a"}]}', '"2026-01-01"'],
  })),
  ...['name', 'identifier'].map((name) => ({
    name: `the search keys of many of the element ${name}`,
    parse: parsed((resource) => [extractSearchKeys(resource), textKeysOf(resource)]),
    wrap: member('Patient', name),
    listElements: ['{"family":"a","given":["b","c"],"system":"s","value":"v"}'],
  })),
  {
    name: 'the search keys of a long name',
    parse: parsed(textKeysOf),
    wrap: (value) => member('Patient', 'name')(`[{"family":${JSON.stringify(value)}}]`),
  },
  {
    name: 'some elements of a resource',
    parse: parsed((resource) => withElements(resource, ['name', 'value'])),
    wrap: member('Patient', 'valueList'),
    listElements: ['{"family":"a"}'],
  },
  {
    name: 'the codings of a code',
    parse: parsed(extractSearchKeys),
    wrap: (value) => member('Procedure', 'code')(`{"coding":${value}}`),
    listElements: ['{"code":"a","system":"b"}'],
  },
  {
    name: 'many tags',
    parse: parsed(isSubsetted),
    wrap: (tag) => `{"meta":{"tag":${tag}}}`,
    listElements: ['{"code":"a"}'],
  },
];

/** Readers of bytes that arrive in chunks. */
const streams: readonly Reader[] = [
  {
    name: 'a file',
    parse: (text) => new LineSplitter({ maxLineBytes: 1000 }).push(Buffer.from(text)),
    wrap: (run) => run.replaceAll(' ', '\n'),
  },
  { name: 'a Binary', parse: readBinary },
  { name: 'the data of a Binary', parse: readBinary, wrap: (run) => `{"resourceType":"Binary","data":"${run}"}` },
];

async function readBinary(text: string): Promise<void> {
  const chunks = text.match(/.{1,65536}/gs) ?? [];
  async function* body() {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  for await (const _ of openBinaryJson(body()).bytes);
}

test.each([...parsers, ...structures, ...streams])(
  '$name is read in time that grows no faster than its size',
  async (parser) => expect(await findSuperlinear(parser)).toEqual([]),
);
