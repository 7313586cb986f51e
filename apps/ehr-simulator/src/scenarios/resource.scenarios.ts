import { matches, type Scenario } from './scenario.ts';

const { kickOff, patients, status } = matches;
const type = 'Patient';

export const resourceScenarios = [
  {
    name: 'duplicate-in-file',
    description: 'The second line of the Patient file comes twice, and the count agrees.',
    orders: [
      { match: patients, fault: { kind: 'duplicate-lines', line: 2, consistent: true }, times: 'always' },
      { match: status, fault: { kind: 'wrong-counts', by: 1, type }, times: 'always' },
    ],
  },
  {
    name: 'duplicate-across-files',
    description: 'The next export has its first three Patients again in a later file.',
    orders: [{ match: kickOff, fault: { kind: 'late-copies', type } }],
  },
  {
    name: 'older-version-in-later-file',
    description: 'The next export has older versions of its first three Patients in a later file.',
    orders: [{ match: kickOff, fault: { kind: 'late-copies', type, as: 'older' } }],
  },
  {
    name: 'subsetted-copy',
    description: 'The next export has SUBSETTED copies of its first three Patients in a later file.',
    orders: [{ match: kickOff, fault: { kind: 'late-copies', type, as: 'subsetted' } }],
  },
  {
    name: 'unversioned-change',
    description: 'As of the next kick-off, the first Patient has other content under the same version and date.',
    orders: [{ match: kickOff, fault: { kind: 'unversioned-change', type } }],
  },
  {
    name: 'single-deletions',
    description: 'At the next kick-off four Patients are deleted; `deleted` has a Bundle with one entry for each.',
    orders: [{ match: kickOff, fault: { kind: 'deletions', type, perBundle: 1 } }],
  },
  {
    name: 'bundled-deletions',
    description: 'At the next kick-off four Patients are deleted; `deleted` has one Bundle with all of them.',
    orders: [{ match: kickOff, fault: { kind: 'deletions', type, perBundle: 100 } }],
  },
  {
    name: 'unreadable-deletions',
    description: 'At the next kick-off four Patients are deleted; `deleted` also has lines and entries that are none.',
    orders: [{ match: kickOff, fault: { kind: 'deletions', type, unreadable: true } }],
  },
  {
    name: 'late-deleted-resource',
    description:
      'Four Patients of the next export are in `deleted` and, with their last version, in `output`, a second late.',
    orders: [
      { match: kickOff, fault: { kind: 'deletions', type, late: true } },
      { match: patients, fault: { kind: 'latency', ms: 1000 } },
    ],
  },
] as const satisfies readonly Scenario[];
