/**
 * The parameters by which R4's Patient compartment (https://hl7.org/fhir/R4/compartmentdefinition-patient.html)
 * includes each type. HAPI has no URL of the compartment of a type, so what it finds by all of them is expected. Device and Task are not in
 * the compartment. Bulkhead adds them by R4's `patient`.
 */
export const compartmentParameters: Readonly<Record<string, string>> = {
  AllergyIntolerance: 'patient recorder asserter',
  CarePlan: 'patient performer',
  CareTeam: 'patient participant',
  Claim: 'patient payee',
  Communication: 'subject sender recipient',
  Composition: 'subject author attester',
  Condition: 'patient asserter',
  Coverage: 'policy-holder subscriber beneficiary payor',
  DocumentReference: 'subject author',
  ExplanationOfBenefit: 'patient payee',
  List: 'subject source',
  MedicationAdministration: 'patient performer subject',
  MedicationDispense: 'subject patient receiver',
  Observation: 'subject performer',
  Procedure: 'patient performer',
  QuestionnaireResponse: 'subject author',
  ServiceRequest: 'subject performer',
  ...parametersNamed('actor', 'Appointment AppointmentResponse Schedule'),
  ...parametersNamed('member', 'Group'),
  ...parametersNamed('link', 'Patient'),
  ...parametersNamed(
    'subject',
    'Account DiagnosticReport Media MedicationRequest MedicationStatement RiskAssessment Specimen',
  ),
  ...parametersNamed(
    'patient',
    'Consent Device Encounter EpisodeOfCare FamilyMemberHistory Flag Goal ImagingStudy Immunization',
  ),
  ...parametersNamed('patient', 'NutritionOrder Provenance RelatedPerson Task VisionPrescription'),
};

function parametersNamed(name: string, types: string): Record<string, string> {
  return Object.fromEntries(types.split(' ').map((type) => [type, name]));
}
