import { matches } from './matches.ts';
import type { Scenario } from './scenario.ts';

const { kickOff, patients } = matches;
const type = 'Patient';

export const deletionScenarios = [
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
