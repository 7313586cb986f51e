import type { Finding } from './report.ts';

export interface KnownDifference {
  readonly id: string;
  readonly reason: string;
  /** Whether it explains the finding. Anything that no row explains counts. */
  readonly explains: (finding: Finding) => boolean;
}

/** Types that have no place in R4's Patient compartment (https://hl7.org/fhir/R4/compartmentdefinition-patient.html). */
const outsideOfCompartment = new Set(['Location', 'Medication', 'Organization', 'Practitioner', 'PractitionerRole']);

/** Everything in which the stored resources may differ from what the server serves, with the reason. */
export const knownDifferences: readonly KnownDifference[] = [
  {
    id: 'outside-of-patient-compartment',
    reason: 'A Patient level export of this server contains the patient compartment only.',
    explains: ({ what, scope, type }) =>
      what === 'missing' && scope.level === 'Patient' && (outsideOfCompartment.has(type) || type === 'Group'),
  },
  {
    id: 'deletion-not-listed',
    reason:
      'The server lists no deletions in exports, and a search shows none, so what was deleted there stays stored. ' +
      'An export says so by the warning deletions-not-listed.',
    explains: ({ what, scope, type, id }) => what === 'extra' && (scope.deletedUnseen?.has(`${type}/${id}`) ?? false),
  },
];
