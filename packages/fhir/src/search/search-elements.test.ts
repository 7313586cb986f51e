import { expect, test } from '@jest/globals';
import type { Resource } from '../resources/resource.ts';
import { codeElementsOf, dateElementOf } from './search-elements.ts';

/** The elements in the expressions of HL7's search parameters for R4: https://hl7.org/fhir/R4/searchparameter-registry.html. */
const publishedDates = `
  AdverseEvent.date AllergyIntolerance.recordedDate Appointment.start AuditEvent.recorded CarePlan.period CareTeam.period
  ClinicalImpression.date Composition.date Consent.dateTime DiagnosticReport.effectiveDateTime DiagnosticReport.effectivePeriod
  DocumentReference.date Encounter.period EpisodeOfCare.period FamilyMemberHistory.date Flag.period
  Immunization.occurrenceDateTime ImmunizationEvaluation.date ImmunizationRecommendation.date Invoice.date List.date
  MeasureReport.date Observation.effectiveDateTime Observation.effectivePeriod Observation.effectiveTiming
  Observation.effectiveInstant PractitionerRole.period Procedure.performedDateTime Procedure.performedPeriod
  ResearchSubject.period RiskAssessment.occurrenceDateTime Schedule.planningHorizon SupplyRequest.authoredOn
  Account.servicePeriod Communication.sent Condition.onsetDateTime Condition.onsetPeriod Condition.recordedDate Goal.startDate
  ImagingStudy.started Media.createdDateTime Media.createdPeriod MedicationDispense.whenHandedOver
  MedicationDispense.whenPrepared MedicationRequest.authoredOn NutritionOrder.dateTime Provenance.recorded
  QuestionnaireResponse.authored ServiceRequest.authoredOn ServiceRequest.occurrenceDateTime
  ServiceRequest.occurrencePeriod ServiceRequest.occurrenceTiming Specimen.collection.collectedDateTime
  Specimen.collection.collectedPeriod VisionPrescription.dateWritten`;
const publishedCodes = `
  AllergyIntolerance.code AllergyIntolerance.reaction.substance Condition.code DeviceRequest.codeCodeableConcept
  DiagnosticReport.code FamilyMemberHistory.condition.code List.code Medication.code
  MedicationAdministration.medicationCodeableConcept MedicationDispense.medicationCodeableConcept
  MedicationRequest.medicationCodeableConcept MedicationStatement.medicationCodeableConcept Observation.code Procedure.code
  ServiceRequest.code Immunization.vaccineCode`;

const read = (text: string) => text.trim().split(/\s+/);

/** A resource that only has a value at a path such as `Specimen.collection.collectedDateTime`. */
function withValueAt(path: string, value: unknown): Resource {
  const [resourceType = '', ...elements] = path.split('.');
  const content = elements.reduceRight<unknown>((inner, element) => ({ [element]: inner }), value);
  return { resourceType, id: 'x', ...(content as object) };
}

test.each(read(publishedDates))('the date of a resource is found in %s', (path) => {
  expect(dateElementOf(withValueAt(path, '2024'))).toBe('2024');
});

test('the date of a resource is the first element that is present', () => {
  const condition = { resourceType: 'Condition', id: 'x', onsetDateTime: null, recordedDate: '2024' } as Resource;
  expect(dateElementOf(condition)).toBe('2024');
  expect(dateElementOf({ ...condition, onsetPeriod: { start: '2020' } })).toEqual({ start: '2020' });
});

test('the date of a type that is not in the table is in one of the usual elements', () => {
  expect(dateElementOf({ resourceType: 'Patient', id: 'x', birthDate: '1970' })).toBe('1970');
  expect(dateElementOf({ resourceType: 'Claim', id: 'x', created: '2024' })).toBe('2024');
  expect(dateElementOf({ resourceType: 'Claim', id: 'x' })).toBeUndefined();
});

test.each(read(publishedCodes))('the codes of a resource are found in %s', (path) => {
  const concept = { coding: [{ code: 'a' }] };
  expect([codeElementsOf(withValueAt(path, concept))].flat()).toContainEqual(concept);
});

test('the codes of a resource are all elements of the parameter, including those in lists', () => {
  const resource = {
    resourceType: 'AllergyIntolerance',
    id: 'x',
    code: 1,
    reaction: [{ substance: 2 }, null, { substance: 3 }],
  };
  expect(codeElementsOf(resource)).toEqual([1, 2, undefined, 3]);
});

test('the codes of a type that is not in the table are in the first of the usual elements', () => {
  const otherResource = { resourceType: 'Other', id: 'x', medicationCodeableConcept: 2, vaccineCode: 3, type: 4 };
  expect(codeElementsOf({ ...otherResource, code: 1 })).toBe(1);
  expect(codeElementsOf(otherResource)).toBe(2);
  expect(codeElementsOf({ ...otherResource, medicationCodeableConcept: undefined })).toBe(3);
  expect(codeElementsOf({ resourceType: 'Other', id: 'x', type: 4 })).toBe(4);
});
