import { matches, operationOutcome, type Scenario } from './scenario.ts';

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
  {
    name: 'token-for-files',
    description: 'The manifest says requiresAccessToken true: a file without a token is answered 401.',
    options: { requiresAccessToken: true, separateFileHost: false },
  },
  {
    name: 'signed-links',
    description:
      'The manifest says requiresAccessToken false: links are signed, and a token sent to one is a violation.',
    options: { requiresAccessToken: false },
  },
  {
    name: 'separate-file-host',
    description: 'Files are on signed links at another origin, which must not see a token.',
    options: { separateFileHost: true },
  },
  {
    name: 'token-trap',
    description:
      'Files are at another origin, and the manifest says requiresAccessToken true: a token there is a leak.',
    options: { separateFileHost: true },
    orders: [{ match, fault: { kind: 'edit-document', set: { requiresAccessToken: true } }, times: 'always' }],
  },
  {
    name: 'redirected-files',
    description: 'Files are redirected to another origin, which serves them and must not see a token.',
    orders: [{ match: matches.files, fault: { kind: 'redirect' }, times: 'always' }],
  },
  {
    name: 'redirect-to-private-address',
    description: 'Patient is redirected to the address of a cloud metadata service.',
    orders: [
      {
        match: matches.patients,
        fault: { kind: 'redirect', to: 'http://169.254.169.254/latest/meta-data/' },
        times: 'always',
      },
    ],
  },
  {
    name: 'expired-links',
    description: 'All links given out so far are expired at the second file (410); the manifest has fresh ones.',
    orders: [{ match: matches.files, fault: { kind: 'expire-links' }, after: 1 }],
  },
  {
    name: 'expired-links-forbidden',
    description: 'All links given out so far are expired at the second file, and are answered 403.',
    options: { expiredFileStatus: 403 },
    orders: [{ match: matches.files, fault: { kind: 'expire-links' }, after: 1 }],
  },
  {
    name: 'short-lived-links',
    description: 'Links live for two seconds, as Expires says; the manifest has fresh ones.',
    options: { fileExpirySeconds: 2 },
  },
  {
    name: 'missing-file',
    description: 'Patient is in the manifest, and its file is answered 404, always.',
    orders: [
      {
        match: matches.patients,
        fault: { kind: 'status', status: 404, body: operationOutcome({ code: 'not-found', text: 'No such file.' }) },
        times: 'always',
      },
    ],
  },
] as const satisfies readonly Scenario[];
