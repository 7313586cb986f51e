import { matches } from './matches.ts';
import { operationOutcome } from './operation-outcome.ts';
import type { Scenario } from './scenario.ts';

const { status: match } = matches;

export const fileLinkScenarios = [
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
