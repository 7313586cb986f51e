import { matches } from './matches.ts';
import type { Scenario } from './scenario.ts';

const { kickOff, status: match } = matches;

export const manifestScenarios = [
  {
    name: 'paged-manifest',
    description: 'The manifest comes in pages of one file with `link[next]`.',
    orders: [{ match, fault: { kind: 'paged-manifest', pageSize: 1 }, times: 'always' }],
  },
  {
    name: 'relative-urls',
    description: 'Content-Location and the URLs of the manifest have no scheme and no host.',
    orders: [{ match: { path: '\\$export$|/bulkstatus/' }, fault: { kind: 'relative-urls' }, times: 'always' }],
  },
  {
    name: 'missing-types',
    description: 'The next export leaves Patient out of its manifest, although it was asked for.',
    orders: [{ match: kickOff, fault: { kind: 'export-types', drop: ['Patient'] } }],
  },
  {
    name: 'unwanted-types',
    description: 'The next export has Practitioner and Location in its manifest, asked for or not.',
    orders: [{ match: kickOff, fault: { kind: 'export-types', add: ['Practitioner', 'Location'] } }],
  },
  {
    name: 'empty-output',
    description: 'The manifest of the next export has an empty `output`.',
    orders: [{ match: kickOff, fault: { kind: 'export-types', drop: 'all' } }],
  },
  {
    name: 'many-files',
    description: 'The next export has Patient in 20,000 small files; patients come again in many of them.',
    orders: [{ match: kickOff, fault: { kind: 'many-files', type: 'Patient', files: 20_000 } }],
  },
  {
    name: 'wrong-counts',
    description: 'The manifest promises one Patient more in each file than there is.',
    orders: [{ match, fault: { kind: 'wrong-counts', by: 1, type: 'Patient' }, times: 'always' }],
  },
  {
    name: 'no-counts',
    description: 'The manifest has no counts.',
    orders: [{ match, fault: { kind: 'wrong-counts', omit: true }, times: 'always' }],
  },
  {
    name: 'lost-type',
    description: 'Patient is missing in `output`, and an error file says that it could not be exported.',
    orders: [{ match, fault: { kind: 'error-file', lostType: 'Patient' }, times: 'always' }],
  },
  {
    name: 'mixed-error-file',
    description: 'An error file has four lines, with issues of every severity, several codes, and one that is no JSON.',
    orders: [
      {
        match,
        fault: {
          kind: 'error-file',
          lines: [
            [{ severity: 'information', code: 'informational', text: 'The export took long.' }],
            [
              { severity: 'warning', code: 'incomplete', text: 'Some narratives were left out.' },
              { severity: 'error', code: 'processing', text: 'Patient/1 could not be read.' },
            ],
            [{ severity: 'fatal', code: 'exception', text: 'The export of Device was abandoned.' }],
            [{ severity: 'error', code: 'security' }],
          ],
        },
        times: 'always',
      },
      { match: matches.errorFiles, fault: { kind: 'corrupt-line', line: 4, consistent: true }, times: 'always' },
    ],
  },
  {
    name: 'stu4-manifest',
    description: 'The manifest has `outcome` instead of `error`, and no `request`, as the STU4 draft has it.',
    orders: [
      { match, fault: { kind: 'error-file', severity: 'warning', section: 'outcome' }, times: 'always' },
      { match, fault: { kind: 'edit-document', set: { request: null } }, times: 'always' },
    ],
  },
] as const satisfies readonly Scenario[];
