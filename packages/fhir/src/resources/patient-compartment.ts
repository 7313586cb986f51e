import { referencedId } from './reference.ts';
import type { Resource } from './resource.ts';

/**
 * The elements by which a resource of each type belongs to a patient: those of R4's search parameter `patient`, or for a type without it the
 * one that says whose the resource is, and after a `|` the others of the compartment. Source: the Patient compartment of FHIR
 * R4 (4.0.1), https://hl7.org/fhir/R4/compartmentdefinition-patient.html. Its search parameters are replaced by the elements that
 * they read (https://hl7.org/fhir/R4/searchparameter-registry.html). Binary, Device and Task are not in the compartment. Devices and Tasks are
 * included because they are US Core types with a `patient` search parameter, and a Binary because its `securityContext` says whose it is.
 */
const elementsByType = {
  Account: 'subject',
  AdverseEvent: 'subject',
  AllergyIntolerance: 'patient | recorder asserter',
  Appointment: 'participant.actor',
  AppointmentResponse: 'actor',
  AuditEvent: 'agent.who entity.what',
  Basic: 'subject | author',
  Binary: 'securityContext',
  BodyStructure: 'patient',
  CarePlan: 'subject | activity.detail.performer',
  CareTeam: 'subject | participant.member',
  ChargeItem: 'subject',
  Claim: 'patient | payee.party',
  ClaimResponse: 'patient',
  ClinicalImpression: 'subject',
  Communication: 'subject | sender recipient',
  CommunicationRequest: 'subject | sender recipient requester',
  Composition: 'subject | author attester.party',
  Condition: 'subject | asserter',
  Consent: 'patient',
  Coverage: 'beneficiary | policyHolder subscriber payor',
  CoverageEligibilityRequest: 'patient',
  CoverageEligibilityResponse: 'patient',
  DetectedIssue: 'patient',
  Device: 'patient',
  DeviceRequest: 'subject | performer',
  DeviceUseStatement: 'subject',
  DiagnosticReport: 'subject',
  DocumentManifest: 'subject | author recipient',
  DocumentReference: 'subject | author',
  Encounter: 'subject',
  EnrollmentRequest: 'candidate',
  EpisodeOfCare: 'patient',
  ExplanationOfBenefit: 'patient | payee.party',
  FamilyMemberHistory: 'patient',
  Flag: 'subject',
  Goal: 'subject',
  Group: 'member.entity',
  ImagingStudy: 'subject',
  Immunization: 'patient',
  ImmunizationEvaluation: 'patient',
  ImmunizationRecommendation: 'patient',
  Invoice: 'subject | recipient',
  List: 'subject | source',
  MeasureReport: 'subject',
  Media: 'subject',
  MedicationAdministration: 'subject | performer.actor',
  MedicationDispense: 'subject | receiver',
  MedicationRequest: 'subject',
  MedicationStatement: 'subject',
  MolecularSequence: 'patient',
  NutritionOrder: 'patient',
  Observation: 'subject | performer',
  Patient: '| link.other',
  Person: 'link.target',
  Procedure: 'subject | performer.actor',
  Provenance: 'target',
  QuestionnaireResponse: 'subject | author',
  RelatedPerson: 'patient',
  RequestGroup: 'subject | action.participant',
  ResearchSubject: 'individual',
  RiskAssessment: 'subject',
  Schedule: 'actor',
  ServiceRequest: 'subject | performer',
  Specimen: 'subject',
  SupplyDelivery: 'patient',
  SupplyRequest: 'deliverTo',
  Task: 'for',
  VisionPrescription: 'patient',
};

type Path = readonly string[];

interface PatientPaths {
  readonly about: readonly Path[];
  readonly all: readonly Path[];
}

const pathsByType: ReadonlyMap<string, PatientPaths> = new Map(
  Object.entries(elementsByType).map(([type, elements]) => {
    const [about = [], others = []] = elements.split('|').map(toPaths);
    return [type, { about, all: [...about, ...others] }];
  }),
);

/** The elements for types that the table does not contain. */
const otherPaths: PatientPaths = { about: toPaths('subject patient'), all: toPaths('subject patient') };

function toPaths(elements: string): Path[] {
  return elements
    .split(' ')
    .filter(Boolean)
    .map((path) => path.split('.'));
}

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

/**
 * The patients whom a resource is about, as R4's search parameter `patient` finds it, if it is in the compartment of others too, such as of the
 * mother who has asserted the allergy of a child. @returns undefined if it is about all of `patientsOf`
 */
export function patientsAbout(resource: Resource, patients: readonly string[]): readonly string[] | undefined {
  const { about, all } = pathsOf(resource.resourceType);
  if (about.length === all.length || patients.length === 0) return undefined;
  const found = resource.resourceType === 'Patient' ? [resource.id] : collectAll(resource, about);
  // Most resources are about their only patient, and creating a set takes longer than this check.
  if (patients.length === 1 && found[0] === patients[0]) return undefined;
  const ids = new Set(found);
  return patients.every((id) => ids.has(id)) ? undefined : patients.filter((id) => ids.has(id));
}

/** Like `patientsOf`, but without a limit. An id can occur twice. */
export function allPatientsOf(resource: Resource): string[] {
  const ids = collectAll(resource, patientPathsOf(resource.resourceType));
  return resource.resourceType === 'Patient' ? [resource.id, ...ids] : ids;
}

/**
 * Whether a resource is erased with one of these patients. A Patient who is only linked with one, as after a merge, is another patient, whose
 * record must not end with that of the duplicate.
 */
export function isOfPatient(resource: Resource, isPatient: (patientId: string) => boolean): boolean {
  return resource.resourceType === 'Patient' ? isPatient(resource.id) : allPatientsOf(resource).some(isPatient);
}

/** Whether resources of a type can belong to patients. */
export function isInPatientCompartment(resourceType: string): boolean {
  return resourceType === 'Patient' || pathsByType.has(resourceType);
}

/** Types outside of the compartment to which the elements of its resources refer, besides definitions and terminology. */
const referredTypes: ReadonlySet<string> = new Set(
  'Binary Endpoint HealthcareService Location Medication Organization Practitioner PractitionerRole Questionnaire Substance'.split(
    ' ',
  ),
);

/**
 * Whether a type can be a part of the records of patients: it is in their compartment, or resources of the compartment refer to it. A Group
 * says who is exported, and is not a part of a record.
 */
export function isOfRecord(resourceType: string): boolean {
  return resourceType !== 'Group' && (isInPatientCompartment(resourceType) || referredTypes.has(resourceType));
}

/** The paths of the elements that refer to patients. */
export function patientPathsOf(resourceType: string): readonly Path[] {
  return pathsOf(resourceType).all;
}

function pathsOf(resourceType: string): PatientPaths {
  return pathsByType.get(resourceType) ?? otherPaths;
}

function collectAll(resource: Resource, paths: readonly Path[]): string[] {
  const ids: string[] = [];
  for (const path of paths) collect(resource, path, 0, ids);
  return ids;
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
