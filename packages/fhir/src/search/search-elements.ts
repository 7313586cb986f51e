import type { Resource } from '../resources/resource.ts';

// The elements that the search parameters `date` and `code` read, by type. Source: the search parameter registry of FHIR R4
// (4.0.1), https://hl7.org/fhir/R4/searchparameter-registry.html.

type Path = readonly string[];

/**
 * The first element that is present is the date. The alternatives of elements such as `effective[x]` exclude each other. Types of
 * the first group have the search parameter `date` in R4. Types of the second group have none, or one of another meaning (the times
 * of each dose for MedicationRequest). Their parameter for when something happened has another name, such as `authoredon` or
 * `created`.
 */
const dateElementsByType: Readonly<Record<string, string>> = {
  AdverseEvent: 'date',
  AllergyIntolerance: 'recordedDate',
  Appointment: 'start',
  AuditEvent: 'recorded',
  CarePlan: 'period',
  CareTeam: 'period',
  ClinicalImpression: 'date',
  Composition: 'date',
  Consent: 'dateTime',
  DiagnosticReport: 'effectiveDateTime effectivePeriod',
  DocumentReference: 'date',
  Encounter: 'period',
  EpisodeOfCare: 'period',
  FamilyMemberHistory: 'date',
  Flag: 'period',
  Immunization: 'occurrenceDateTime',
  ImmunizationEvaluation: 'date',
  ImmunizationRecommendation: 'date',
  Invoice: 'date',
  List: 'date',
  MeasureReport: 'date',
  Observation: 'effectiveDateTime effectivePeriod effectiveTiming effectiveInstant',
  PractitionerRole: 'period',
  Procedure: 'performedDateTime performedPeriod',
  ResearchSubject: 'period',
  RiskAssessment: 'occurrenceDateTime',
  Schedule: 'planningHorizon',
  SupplyRequest: 'authoredOn',

  Account: 'servicePeriod',
  Communication: 'sent',
  Condition: 'onsetDateTime onsetPeriod recordedDate',
  Goal: 'startDate',
  ImagingStudy: 'started',
  Media: 'createdDateTime createdPeriod',
  MedicationDispense: 'whenHandedOver whenPrepared',
  MedicationRequest: 'authoredOn',
  NutritionOrder: 'dateTime',
  Provenance: 'recorded',
  QuestionnaireResponse: 'authored',
  ServiceRequest: 'authoredOn occurrenceDateTime occurrencePeriod occurrenceTiming',
  Specimen: 'collection.collectedDateTime collection.collectedPeriod',
  VisionPrescription: 'dateWritten',
};

/** The elements for types that the table does not contain. */
const otherDatePaths = toPaths(
  'effectiveDateTime effectivePeriod effectiveInstant authoredOn occurrenceDateTime occurrencePeriod performedDateTime ' +
    'performedPeriod onsetDateTime recordedDate period start date issued created birthDate',
);

/**
 * All elements count. For other types, the first of `code`, `medicationCodeableConcept`, `vaccineCode` and `type` that is present
 * counts.
 */
const codeElementsByType: Readonly<Record<string, string>> = {
  AllergyIntolerance: 'code reaction.substance',
  DeviceRequest: 'codeCodeableConcept',
  FamilyMemberHistory: 'condition.code',
  // Its `type` is that of the members, such as person.
  Group: 'code',
  // Its `type` is the type of the event and never a medication.
  MedicationDispense: 'medicationCodeableConcept',
};

const datePaths = new Map(Object.entries(dateElementsByType).map(([type, elements]) => [type, toPaths(elements)]));
const codePaths = new Map(Object.entries(codeElementsByType).map(([type, elements]) => [type, toPaths(elements)]));

/** The value that the search parameter `date` compares: a string, a Period or a Timing. */
export function dateElementOf(resource: Resource): unknown {
  for (const path of datePathsOf(resource.resourceType)) {
    let value: unknown = resource;
    for (const name of path) value = (value as Record<string, unknown> | null | undefined)?.[name];
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

export function datePathsOf(resourceType: string): readonly Path[] {
  return datePaths.get(resourceType) ?? otherDatePaths;
}

/** The elements that the search parameter `date` compares, for people: `effectiveDateTime, effectivePeriod`. */
export function dateParameterOf(resourceType: string): string {
  return datePathsOf(resourceType)
    .map((path) => path.join('.'))
    .join(', ');
}

const otherCodeElements = ['code', 'medicationCodeableConcept', 'vaccineCode', 'type'] as const;

/** The elements that `codeElementsOf` reads. */
export function codePathsOf(resourceType: string): readonly Path[] {
  return codePaths.get(resourceType) ?? otherCodeElements.map((element) => [element]);
}

/** The concepts that the search parameter `code` compares. */
export function codeElementsOf(resource: Resource): unknown {
  const paths = codePaths.get(resource.resourceType);
  if (paths) return paths.flatMap((path) => valuesAt(resource, path));
  return otherCodeElements.map((element) => resource[element]).find((value) => value !== undefined && value !== null);
}

function valuesAt(resource: Resource, path: Path): readonly unknown[] {
  const [element = '', ...rest] = path;
  let values = [resource[element]];
  for (const name of rest)
    values = values.flat().map((value) => (value as Record<string, unknown> | null | undefined)?.[name]);
  return values.flat();
}

function toPaths(elements: string): readonly Path[] {
  return elements.split(' ').map((element) => element.split('.'));
}
