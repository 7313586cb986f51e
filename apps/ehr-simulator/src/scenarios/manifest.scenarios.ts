import { always, matches, operationOutcome, type Scenario, settings } from './scenario.ts';

const { kickOff, status: match } = matches;

export const manifestScenarios = [
  {
    name: 'paged-manifest',
    description: 'The manifest has pages of one file, connected by `link[next]`.',
    orders: [always(match, { kind: 'paged-manifest', pageSize: 1 })],
  },
  {
    name: 'relative-urls',
    description: 'Content-Location and the URLs of the manifest have no scheme and no host.',
    orders: [always({ path: '\\$export$|/bulkstatus/' }, { kind: 'relative-urls' })],
  },
  {
    name: 'missing-types',
    description: 'The manifest of the next export omits Patient, although the client requested it.',
    orders: [{ match: kickOff, fault: { kind: 'export-types', drop: ['Patient'] } }],
  },
  {
    name: 'unwanted-types',
    description:
      'The manifest of the next export includes Practitioner and Location, even if the client did not request them.',
    orders: [{ match: kickOff, fault: { kind: 'export-types', add: ['Practitioner', 'Location'] } }],
  },
  {
    name: 'empty-output',
    description: 'The manifest of the next export has an empty `output`.',
    orders: [{ match: kickOff, fault: { kind: 'export-types', drop: 'all' } }],
  },
  {
    name: 'many-files',
    description: 'The next export has 20,000 small Patient files, and many of them repeat patients.',
    orders: [{ match: kickOff, fault: { kind: 'many-files', type: 'Patient', files: 20_000 } }],
  },
  {
    name: 'wrong-counts',
    description: 'The manifest promises one Patient more than each file contains.',
    orders: [always(match, { kind: 'wrong-counts', by: 1, type: 'Patient' })],
  },
  {
    name: 'no-counts',
    description: 'The manifest has no counts.',
    orders: [always(match, { kind: 'wrong-counts', omit: true })],
  },
  {
    name: 'lost-type',
    description: 'Patient is missing from `output`, and an error file reports that it could not be exported.',
    orders: [always(match, { kind: 'error-file', lostType: 'Patient' })],
  },
  {
    name: 'mixed-error-file',
    description:
      'An error file has four lines, with issues of every severity, several codes, and a line that is not valid JSON.',
    orders: [
      always(match, {
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
      }),
      always(matches.errorFiles, { kind: 'corrupt-line', line: 4, consistent: true }),
    ],
  },
  {
    name: 'stu4-manifest',
    description: 'The manifest has `outcome` instead of `error` and no `request`, like in the STU4 draft.',
    orders: [
      always(match, {
        kind: 'error-file',
        lines: [[{ severity: 'warning', code: 'suppressed', text: 'Some narratives were left out.' }]],
        section: 'outcome',
      }),
      always(match, { kind: 'edit-document', set: { request: null } }),
    ],
  },
  {
    name: 'parameters-manifest',
    description: 'The manifest is a Parameters resource, in which each file is a parameter with parts.',
    orders: [always(match, { kind: 'parameters-manifest' })],
  },
  {
    name: 'token-for-files',
    description:
      'The manifest has requiresAccessToken true. The server responds to a file request without a token with 401.',
    orders: [settings({ requiresAccessToken: true, separateFileHost: false })],
  },
  {
    name: 'signed-links',
    description:
      'The manifest has requiresAccessToken false and signed links. A token that is sent to one is a violation.',
    orders: [settings({ requiresAccessToken: false })],
  },
  {
    name: 'separate-file-host',
    description: 'Files have signed links to another origin, which must not receive a token.',
    orders: [settings({ separateFileHost: true })],
  },
  {
    name: 'token-trap',
    description:
      'Files have signed links to another origin, although requiresAccessToken is true. A token that is sent there is leaked.',
    orders: [
      settings({ separateFileHost: true }),
      always(match, { kind: 'edit-document', set: { requiresAccessToken: true } }),
    ],
  },
  {
    name: 'links-at-other-origin',
    description: 'The status URL and the files are at another origin of the server, which wants the token.',
    orders: [settings({ linksAt: 'other-origin' })],
  },
  {
    name: 'links-at-internal-name',
    description: 'The status URL and the files are at a name that only the network of the server can resolve.',
    orders: [settings({ linksAt: 'internal-name' })],
  },
  {
    name: 'redirected-files',
    description: 'The server redirects files to another origin, which serves them and must not receive a token.',
    orders: [always(matches.files, { kind: 'redirect' })],
  },
  {
    name: 'redirect-to-private-address',
    description: 'The server redirects the Patient file to the URL of a cloud metadata service.',
    orders: [always(matches.patients, { kind: 'redirect', to: 'http://169.254.169.254/latest/meta-data/' })],
  },
  {
    name: 'expired-links',
    description: 'All issued links expire at the second file, which returns 410. The manifest has new ones.',
    orders: [{ match: matches.files, fault: { kind: 'expire-links' }, after: 1 }],
  },
  {
    name: 'expired-links-forbidden',
    description: 'All issued links expire at the second file, which returns 403. The manifest has new ones.',
    orders: [settings({ expiredFileStatus: 403 }), { match: matches.files, fault: { kind: 'expire-links' }, after: 1 }],
  },
  {
    name: 'short-lived-links',
    description: 'Links expire after two seconds, as in Expires. The manifest has new ones.',
    orders: [settings({ fileExpirySeconds: 2 })],
  },
  {
    name: 'missing-file',
    description: 'The manifest contains a Patient file for which the server always returns 404.',
    orders: [
      always(matches.patients, {
        kind: 'status',
        status: 404,
        body: operationOutcome({ code: 'not-found', text: 'No such file.' }),
      }),
    ],
  },
] as const satisfies readonly Scenario[];
