import { always, matches, resource, type Scenario } from './scenario.ts';

const { kickOff, patients, status } = matches;
const type = 'Patient';

export const resourceScenarios = [
  {
    name: 'duplicate-in-file',
    description: 'The Patient file contains its second line twice, and the count includes both.',
    orders: [
      always(patients, { kind: 'duplicate-lines', line: 2, consistent: true }),
      always(status, { kind: 'wrong-counts', by: 1, type }),
    ],
  },
  {
    name: 'duplicate-across-files',
    description: 'The next export repeats its first three Patients in a later file.',
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
    description: 'From the next kick-off on, the first Patient has different content with the same version and date.',
    orders: [{ match: kickOff, fault: { kind: 'unversioned-change', type } }],
  },
  {
    name: 'single-deletions',
    description: 'The next kick-off deletes four Patients, and `deleted` has a Bundle for each of them.',
    orders: [{ match: kickOff, fault: { kind: 'deletions', type, perBundle: 1 } }],
  },
  {
    name: 'bundled-deletions',
    description: 'The next kick-off deletes four Patients, and `deleted` has one Bundle with all of them.',
    orders: [{ match: kickOff, fault: { kind: 'deletions', type, perBundle: 100 } }],
  },
  {
    name: 'unreadable-deletions',
    description:
      'The next kick-off deletes four Patients, and `deleted` also has lines and entries that are not deletions.',
    orders: [{ match: kickOff, fault: { kind: 'deletions', type, unreadable: true } }],
  },
  {
    name: 'late-deleted-resource',
    description:
      'The next export lists four Patients in `deleted` and also, with their last version, in an `output` file that is a second late.',
    orders: [
      { match: kickOff, fault: { kind: 'deletions', type, late: true } },
      { match: patients, fault: { kind: 'latency', ms: 1000 } },
    ],
  },
  {
    name: 'restricted-patient',
    description: 'A Patient has the label `R` (restricted) in `meta.security`, as athenahealth sends them.',
    orders: [
      resource(
        '{"resourceType":"Patient","id":"restricted","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]},"gender":"unknown"}',
      ),
    ],
  },
] as const satisfies readonly Scenario[];
