import type { Resource } from '../resources/resource.ts';

// The elements that the search parameters `date` and `code` read, by type. Source: the registry of FHIR R4 (4.0.1),
// https://hl7.org/fhir/R4/searchparameter-registry.html.

type Path = readonly string[];

/**
 * Of a date the first element that is present counts; the alternatives of `effective[x]` and the like exclude each other. The first
 * group has R4's `date`. R4 has no `date` for the second group, or one of another meaning (MedicationRequest: the times of each dose);
 * there it is the parameter of another name that says when something happened, such as `authoredon` or `created`.
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

/** Of a type that the table does not have. */
const otherDatePaths = toPaths(
  'effectiveDateTime effectivePeriod effectiveInstant authoredOn occurrenceDateTime occurrencePeriod performedDateTime ' +
    'performedPeriod onsetDateTime recordedDate period start date issued created birthDate',
);

/** All elements count. Of other types it is the first that is present of `code`, `medicationCodeableConcept`, `vaccineCode` and `type`. */
const codeElementsByType: Readonly<Record<string, string>> = {
  AllergyIntolerance: 'code reaction.substance',
  DeviceRequest: 'codeCodeableConcept',
  FamilyMemberHistory: 'condition.code',
  // Its `type` is that of the event, and never a medication.
  MedicationDispense: 'medicationCodeableConcept',
};

const datePaths = new Map(Object.entries(dateElementsByType).map(([type, elements]) => [type, toPaths(elements)]));
const codePaths = new Map(Object.entries(codeElementsByType).map(([type, elements]) => [type, toPaths(elements)]));

/** The value by which a resource is found by `date`: a text, a Period or a Timing. */
export function dateElementOf(resource: Resource): unknown {
  for (const path of datePaths.get(resource.resourceType) ?? otherDatePaths) {
    let value: unknown = resource;
    for (const name of path) value = (value as Record<string, unknown> | null | undefined)?.[name];
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** The concepts by which a resource is found by `code`. */
export function codeElementsOf(resource: Resource): unknown {
  const paths = codePaths.get(resource.resourceType);
  if (paths) return paths.flatMap((path) => valuesAt(resource, path));
  return resource.code ?? resource.medicationCodeableConcept ?? resource.vaccineCode ?? resource.type;
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
