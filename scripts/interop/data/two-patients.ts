import { type SourceResource, toSourceResource } from './find-data.ts';

const [child, mother] = ['two-child', 'two-mother'].map((id) => ({ reference: `Patient/${id}` }));

/** Each is about a child, and refers to the mother by every other element that can have a patient. */
const resources = [
  { resourceType: 'Patient', id: 'two-child' },
  { resourceType: 'Patient', id: 'two-mother' },
  { resourceType: 'AllergyIntolerance', patient: child, recorder: mother, asserter: mother },
  { resourceType: 'CarePlan', subject: child, activity: [{ detail: { performer: [mother] } }] },
  { resourceType: 'CareTeam', subject: child, participant: [{ member: mother }] },
  { resourceType: 'Communication', subject: child, sender: mother, recipient: [mother] },
  { resourceType: 'Composition', subject: child, author: [mother], attester: [{ party: mother }] },
  { resourceType: 'Condition', subject: child, recorder: mother, asserter: mother },
  { resourceType: 'Coverage', beneficiary: child, policyHolder: mother, subscriber: mother, payor: [mother] },
  { resourceType: 'Claim', patient: child, payee: { party: mother } },
  { resourceType: 'ExplanationOfBenefit', patient: child, payee: { party: mother } },
  { resourceType: 'DocumentReference', subject: child, author: [mother] },
  { resourceType: 'List', subject: child, source: mother },
  { resourceType: 'MedicationAdministration', subject: child, performer: [{ actor: mother }] },
  { resourceType: 'MedicationDispense', subject: child, receiver: [mother] },
  { resourceType: 'MedicationRequest', subject: child, requester: mother },
  { resourceType: 'Observation', subject: child, performer: [mother], focus: [mother] },
  { resourceType: 'Procedure', subject: child, performer: [{ actor: mother }] },
  { resourceType: 'QuestionnaireResponse', subject: child, author: mother, source: mother },
  { resourceType: 'ServiceRequest', subject: child, performer: [mother], requester: mother },
];

export const twoPatients: readonly SourceResource[] = resources.map((resource) =>
  toSourceResource(JSON.stringify({ id: `two-${resource.resourceType.toLowerCase()}`, ...resource })),
);
