import { isResourceId, type Resource } from './resource.ts';

/**
 * The elements by which a resource of each type belongs to a patient, the main one first. Source: the Patient compartment of FHIR
 * R4 (4.0.1), https://hl7.org/fhir/R4/compartmentdefinition-patient.html. Its search parameters are replaced by the elements that
 * they read (https://hl7.org/fhir/R4/searchparameter-registry.html). Device and Task are not in the compartment. They are included
 * because they are US Core types with a `patient` search parameter.
 */
const elementsByType = {
  Account: 'subject',
  AdverseEvent: 'subject',
  AllergyIntolerance: 'patient recorder asserter',
  Appointment: 'participant.actor',
  AppointmentResponse: 'actor',
  AuditEvent: 'agent.who entity.what',
  Basic: 'subject author',
  BodyStructure: 'patient',
  CarePlan: 'subject activity.detail.performer',
  CareTeam: 'subject participant.member',
  ChargeItem: 'subject',
  Claim: 'patient payee.party',
  ClaimResponse: 'patient',
  ClinicalImpression: 'subject',
  Communication: 'subject sender recipient',
  CommunicationRequest: 'subject sender recipient requester',
  Composition: 'subject author attester.party',
  Condition: 'subject asserter',
  Consent: 'patient',
  Coverage: 'beneficiary policyHolder subscriber payor',
  CoverageEligibilityRequest: 'patient',
  CoverageEligibilityResponse: 'patient',
  DetectedIssue: 'patient',
  Device: 'patient',
  DeviceRequest: 'subject performer',
  DeviceUseStatement: 'subject',
  DiagnosticReport: 'subject',
  DocumentManifest: 'subject author recipient',
  DocumentReference: 'subject author',
  Encounter: 'subject',
  EnrollmentRequest: 'candidate',
  EpisodeOfCare: 'patient',
  ExplanationOfBenefit: 'patient payee.party',
  FamilyMemberHistory: 'patient',
  Flag: 'subject',
  Goal: 'subject',
  Group: 'member.entity',
  ImagingStudy: 'subject',
  Immunization: 'patient',
  ImmunizationEvaluation: 'patient',
  ImmunizationRecommendation: 'patient',
  Invoice: 'subject recipient',
  List: 'subject source',
  MeasureReport: 'subject',
  Media: 'subject',
  MedicationAdministration: 'subject performer.actor',
  MedicationDispense: 'subject receiver',
  MedicationRequest: 'subject',
  MedicationStatement: 'subject',
  MolecularSequence: 'patient',
  NutritionOrder: 'patient',
  Observation: 'subject performer',
  Patient: 'link.other',
  Person: 'link.target',
  Procedure: 'subject performer.actor',
  Provenance: 'target',
  QuestionnaireResponse: 'subject author',
  RelatedPerson: 'patient',
  RequestGroup: 'subject action.participant',
  ResearchSubject: 'individual',
  RiskAssessment: 'subject',
  Schedule: 'actor',
  ServiceRequest: 'subject performer',
  Specimen: 'subject',
  SupplyDelivery: 'patient',
  SupplyRequest: 'deliverTo',
  Task: 'for',
  VisionPrescription: 'patient',
};

type Path = readonly string[];

const pathsByType: ReadonlyMap<string, readonly Path[]> = new Map(
  Object.entries(elementsByType).map(([type, elements]) => [type, elements.split(' ').map((path) => path.split('.'))]),
);

/** The elements for types that the table does not contain. */
const otherPaths: readonly Path[] = [['subject'], ['patient']];

/**
 * A resource of more patients, such as a Group of a whole practice, is found by its first patients only, because each patient costs an
 * index entry and some bytes of the document.
 */
export const maxListedPatients = 1000;

/**
 * The ids of the patients in whose compartment a resource is, each once, with those of the main element first. A Patient is in its
 * own compartment. References can be relative, absolute or versioned. Logical, contained (`#`) and `urn:` references name no stored
 * patient.
 */
export function patientsOf(resource: Resource): readonly string[] {
  const ids = allPatientsOf(resource);
  // Most resources have one patient, and creating a set takes longer than this check.
  if (ids.length < 2) return ids;
  return [...new Set(ids)].slice(0, maxListedPatients);
}

/** Like `patientsOf`, but without a limit. An id can occur twice. */
export function allPatientsOf(resource: Resource): string[] {
  const ids: string[] = [];
  if (resource.resourceType === 'Patient') ids.push(resource.id);
  for (const path of patientPathsOf(resource.resourceType)) collect(resource, path, 0, ids);
  return ids;
}

/** The paths of the elements that refer to patients. */
/** Whether resources of a type can belong to patients. */
export function isInPatientCompartment(resourceType: string): boolean {
  return resourceType === 'Patient' || pathsByType.has(resourceType);
}

export function patientPathsOf(resourceType: string): readonly Path[] {
  return pathsByType.get(resourceType) ?? otherPaths;
}

function collect(node: unknown, path: Path, depth: number, ids: string[]): void {
  if (typeof node !== 'object' || node === null) return;
  if (Array.isArray(node)) {
    for (const element of node) collect(element, path, depth, ids);
    return;
  }
  const element = path[depth];
  if (element !== undefined) {
    collect((node as Record<string, unknown>)[element], path, depth + 1, ids);
    return;
  }
  const id = referencedId((node as { reference?: unknown }).reference, 'Patient');
  if (id !== undefined) ids.push(id);
}

/** Reads the id of `Type/id`, `https://server/Type/id` and `Type/id/_history/1`. @returns undefined for any other reference */
export function referencedId(reference: unknown, type: string): string | undefined {
  if (typeof reference !== 'string' || /^urn:|[?#]/.test(reference)) return undefined;
  const parts = reference.split('/');
  const versionless = parts.at(-2) === '_history' ? parts.slice(0, -2) : parts;
  const id = versionless.at(-1) ?? '';
  return versionless.at(-2) === type && isResourceId(id) ? id : undefined;
}
