/**
 * The search parameters of FHIR R4 (https://hl7.org/fhir/R4/searchparameter-registry.html) that correspond to a
 * parameter of Bulkhead. Bulkhead uses one name for all types. R4 has other names for some of them.
 */
export type ParameterName =
  | '_id'
  | '_lastUpdated'
  | 'patient'
  | 'code'
  | 'category'
  | 'status'
  | 'date'
  // These are R4's names.
  | 'subject'
  | 'identifier'
  | 'name'
  | 'family'
  | 'given'
  | 'address'
  | 'birthdate'
  | 'gender'
  | 'clinical-status'
  | 'intent'
  | 'type'
  | 'authored'
  | 'specialty'
  | 'practitioner';

/** The parameters that compare a date, besides `_lastUpdated`. */
export const dateNames: readonly ParameterName[] = ['date', 'birthdate', 'authored'];
/** The parameters that compare a reference. */
export const referenceNames: readonly ParameterName[] = ['patient', 'subject'];

const otherNames: Partial<Record<ParameterName, Readonly<Record<string, string>>>> = {
  code: {
    ...parametersNamed(
      'type',
      'Account Composition Coverage Device DocumentReference Encounter EpisodeOfCare Location Media',
    ),
    ...parametersNamed('type', 'Organization Specimen'),
    HealthcareService: 'service-type',
    Immunization: 'vaccine-code',
  },
  status: { ...parametersNamed('clinical-status', 'AllergyIntolerance Condition'), Goal: 'lifecycle-status' },
  // If there are two names, the second applies to resources that lack the first.
  date: {
    ...parametersNamed('created', 'Claim ExplanationOfBenefit Media'),
    Account: 'period',
    Communication: 'sent',
    Condition: 'onset-date recorded-date',
    Goal: 'start-date',
    ImagingStudy: 'started',
    MedicationAdministration: 'effective-time',
    MedicationDispense: 'whenhandedover whenprepared',
    // R4's `date` of MedicationRequest reads the times of each dose. Bulkhead reads the time at which the order was
    // written.
    MedicationRequest: 'authoredon',
    MedicationStatement: 'effective',
    NutritionOrder: 'datetime',
    Patient: 'birthdate',
    Provenance: 'recorded',
    QuestionnaireResponse: 'authored',
    ServiceRequest: 'authored occurrence',
    Slot: 'start',
    Specimen: 'collected',
    Task: 'authored-on',
    VisionPrescription: 'datewritten',
  },
};

/**
 * The parameters by which R4's Patient compartment (https://hl7.org/fhir/R4/compartmentdefinition-patient.html)
 * includes each type. Device and Task are not in it. Bulkhead finds them by R4's `patient`.
 */
const compartmentParameters: Readonly<Record<string, string>> = {
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

/** Returns the names of a parameter at the server. Empty if R4 has none for the type. */
export function serverParameters(options: {
  readonly type: string;
  readonly name: ParameterName;
  /** The names that the server has for the type. */
  readonly offered: ReadonlySet<string>;
}): readonly string[] {
  const { type, name, offered } = options;
  const names = name === 'patient' ? compartmentParameters[type] : (otherNames[name]?.[type] ?? name);
  return (names?.split(' ') ?? []).filter((name) => offered.has(name));
}

function parametersNamed(name: string, types: string): Record<string, string> {
  return Object.fromEntries(types.split(' ').map((type) => [type, name]));
}
