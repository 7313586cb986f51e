import { referenceParametersOf } from './reference-parameters.ts';

/**
 * The search parameters of each type: those of R4 (https://hl7.org/fhir/R4/searchparameter-registry.html) that the stored keys can answer, by
 * R4's names, and after a `|` those that Bulkhead adds, because programs that read all types need one name for the same question (`code`,
 * `status`, `date`, `patient`). `name=element` is R4's parameter for the resources that have this element: `date` compares another one in the
 * others. Which of R4's parameters have keys follows US Core: see docs/reading-resources.md.
 */
const parametersByType: Readonly<Record<string, string>> = {
  Account: 'patient period status subject type | code date',
  ActivityDefinition: 'effective=effectivePeriod status | code date',
  AdverseEvent: 'category date subject | patient',
  AllergyIntolerance: 'category clinical-status code date patient | status',
  Appointment: 'date patient status',
  AppointmentResponse: 'patient | date',
  AuditEvent: 'date patient',
  Basic: 'code created patient subject | date',
  Binary: '| patient',
  BiologicallyDerivedProduct: '| status',
  BodyStructure: 'patient',
  Bundle: 'type | code',
  CapabilityStatement: 'date status',
  CarePlan: 'category date patient status subject',
  CareTeam: 'category date patient status subject',
  CatalogEntry: '| code status',
  ChargeItem: 'code patient subject | date status',
  ChargeItemDefinition: 'effective=effectivePeriod status | code date',
  Claim: 'created patient status | code date',
  ClaimResponse: 'created patient status | code date',
  ClinicalImpression: 'date patient status subject | code',
  CodeSystem: 'date status',
  Communication: 'category patient sent status subject | date',
  CommunicationRequest: 'authored=authoredOn category patient status subject | date',
  CompartmentDefinition: 'code date status',
  Composition: 'category date patient status subject type | code',
  ConceptMap: 'date status',
  Condition: 'category clinical-status code patient subject | date status',
  Consent: 'category date patient status',
  Contract: 'issued status | code date',
  Coverage: 'beneficiary patient status type | code date',
  CoverageEligibilityRequest: 'created patient status | date',
  CoverageEligibilityResponse: 'created patient status | date',
  DetectedIssue: 'code patient | status',
  Device: 'patient status type | code',
  DeviceDefinition: 'type | code',
  DeviceMetric: 'category type | code',
  DeviceRequest: 'authored-on=authoredOn code patient status subject | date',
  DeviceUseStatement: 'patient subject | status',
  DiagnosticReport: 'category code date patient status subject',
  DocumentManifest: 'created patient status subject type | code date',
  DocumentReference: 'category date patient status subject type | code',
  EffectEvidenceSynthesis: 'effective=effectivePeriod status | date',
  Encounter: 'date identifier patient status subject type | code',
  Endpoint: 'status | date',
  EnrollmentRequest: 'patient status | date',
  EnrollmentResponse: 'status | date',
  EpisodeOfCare: 'date patient status type | code',
  EventDefinition: 'effective=effectivePeriod status | date',
  Evidence: 'effective=effectivePeriod status | date',
  EvidenceVariable: 'effective=effectivePeriod status | code date',
  ExampleScenario: 'date status',
  ExplanationOfBenefit: 'created patient status | code date',
  FamilyMemberHistory: 'code date patient status',
  Flag: 'date patient subject | category code status',
  Goal: 'category lifecycle-status patient start-date subject | date status',
  GraphDefinition: 'date status',
  Group: 'code | patient',
  GuidanceResponse: '| date status',
  HealthcareService: 'service-type | category code',
  ImagingStudy: 'patient started status subject | date',
  Immunization: 'date patient status vaccine-code | code',
  ImmunizationEvaluation: 'date patient status',
  ImmunizationRecommendation: 'date patient',
  ImplementationGuide: 'date status',
  InsurancePlan: 'status type | code date',
  Invoice: 'date patient status subject type | code',
  Library: 'effective=effectivePeriod status type | code date',
  List: 'code date patient status subject',
  Location: 'address name status type | code',
  Measure: 'effective=effectivePeriod status | code date',
  MeasureReport: 'date patient status subject | code',
  Media: 'created patient status subject type | code date',
  Medication: 'code status',
  MedicationAdministration: 'code effective-time patient status subject | category date',
  MedicationDispense: 'code patient status subject whenhandedover=whenHandedOver | category date',
  MedicationKnowledge: 'code status',
  MedicationRequest: 'authoredon category code intent patient status subject | date',
  MedicationStatement: 'category code effective patient status subject | date',
  MedicinalProduct: '| code',
  MedicinalProductInteraction: '| code',
  MessageDefinition: 'category date status',
  MolecularSequence: 'patient type | code',
  NamingSystem: 'date status type | code',
  NutritionOrder: 'datetime patient status | date',
  Observation: 'category code date patient status subject',
  ObservationDefinition: '| category code',
  OperationDefinition: 'code date status',
  Organization: 'address identifier name type | code',
  OrganizationAffiliation: 'date role | code',
  Patient: 'birthdate family gender given identifier name | date patient',
  PaymentNotice: 'created status | date',
  PaymentReconciliation: 'status | date',
  Person: 'birthdate patient | date',
  PlanDefinition: 'effective=effectivePeriod status type | code date',
  Practitioner: 'family given identifier name | date',
  PractitionerRole: 'date practitioner role specialty | code',
  Procedure: 'category code date patient status subject',
  Provenance: 'patient recorded target | date',
  Questionnaire: 'effective=effectivePeriod status | date',
  QuestionnaireResponse: 'authored patient status subject | date',
  RelatedPerson: 'patient | date',
  RequestGroup: 'authored code patient status subject | date',
  ResearchDefinition: 'effective=effectivePeriod status | date',
  ResearchElementDefinition: 'effective=effectivePeriod status | code date',
  ResearchStudy: 'category date status',
  ResearchSubject: 'date patient status',
  RiskAssessment: 'date patient subject | code status',
  RiskEvidenceSynthesis: 'effective=effectivePeriod status | date',
  Schedule: 'date | patient',
  SearchParameter: 'code date status',
  ServiceRequest: 'authored=authoredOn category code intent patient status subject | date',
  Slot: 'start status | date',
  Specimen: 'patient status subject type | code date',
  StructureDefinition: 'date status',
  StructureMap: 'date status',
  Subscription: 'status',
  Substance: 'category status',
  SupplyDelivery: 'patient status | code date',
  SupplyRequest: 'category date status | patient',
  Task: 'authored-on code patient status subject | date',
  TerminologyCapabilities: 'date status',
  TestReport: 'issued | date status',
  TestScript: 'date status',
  ValueSet: 'date status',
  VerificationResult: '| status',
  VisionPrescription: 'datewritten patient status | date',
};

/** What a parameter compares. */
export type SearchedKey =
  | { readonly kind: 'token'; readonly key: TokenParameter }
  | { readonly kind: 'date' }
  /** Names in `textsOf`. */
  | { readonly kind: 'text'; readonly keys: readonly string[] }
  /** What is about a patient. */
  | { readonly kind: 'patient' }
  /** The references of some elements. No index has them, so the search must also name what has one: see `filterFault`. */
  | { readonly kind: 'reference'; readonly paths: readonly string[] }
  | { readonly kind: 'id' | 'lastUpdated' };

export interface SearchParameter {
  readonly name: string;
  /** R4's type of search parameter. */
  readonly type: 'token' | 'date' | 'string' | 'reference';
  /** Whether it is not R4's parameter of this type. */
  readonly isOwn: boolean;
  readonly key: SearchedKey;
  /** Only resources with this element match. */
  readonly element?: string;
}

/** A coded value in `SearchKeys.tokens` is below one of these names. */
export type TokenParameter =
  | '_security'
  | 'category'
  | 'code'
  | 'status'
  | 'identifier'
  | 'gender'
  | 'intent'
  | 'specialty'
  | 'practitioner'
  | 'target';

const token = (key: TokenParameter): SearchedKey => ({ kind: 'token', key });
const text = (...keys: readonly string[]): SearchedKey => ({ kind: 'text', keys });

/** Parameters with a name of their own. All others in the table are names of the date. */
const keysByName: Readonly<Record<string, SearchedKey>> = {
  _id: { kind: 'id' },
  _lastUpdated: { kind: 'lastUpdated' },
  _security: token('_security'),
  category: token('category'),
  code: token('code'),
  type: token('code'),
  role: token('code'),
  'service-type': token('code'),
  'vaccine-code': token('code'),
  status: token('status'),
  'clinical-status': token('status'),
  'lifecycle-status': token('status'),
  identifier: token('identifier'),
  gender: token('gender'),
  intent: token('intent'),
  specialty: token('specialty'),
  practitioner: token('practitioner'),
  target: token('target'),
  // R4: "may match any of the string fields in the HumanName", so the parts of a name are stored once.
  name: text('name', 'family', 'given'),
  family: text('family'),
  given: text('given'),
  address: text('address'),
  patient: { kind: 'patient' },
  // R4's parameters read the same element of each type.
  subject: { kind: 'patient' },
  beneficiary: { kind: 'patient' },
};

const commonNames = ['_id', '_lastUpdated', '_security'];

const parameters = new Map<string, ReadonlyMap<string, SearchParameter>>();

/** The parameters that choose resources of a type, by name. */
export function searchParametersOf(resourceType: string): ReadonlyMap<string, SearchParameter> {
  const cached = parameters.get(resourceType);
  if (cached) return cached;
  const table = Object.hasOwn(parametersByType, resourceType) ? parametersByType[resourceType] : '';
  const [ofR4 = [], own = []] = (table ?? '').split('|').map((names) => names.split(' ').filter(Boolean));
  const all = [
    ...[...commonNames, ...ofR4].map((entry) => toParameter(entry, false)),
    ...own.map((entry) => toParameter(entry, true)),
  ];
  const byName = new Map([...referenceFilters(resourceType), ...all].map((parameter) => [parameter.name, parameter]));
  // Only types of the table, because a request can name any number of others.
  if (table !== '') parameters.set(resourceType, byName);
  return byName;
}

function referenceFilters(resourceType: string): SearchParameter[] {
  return referenceParametersOf(resourceType).map(([name, paths]) => ({
    name,
    type: 'reference',
    isOwn: false,
    key: { kind: 'reference', paths: paths.map((path) => path.join('.')) },
  }));
}

function toParameter(entry: string, isOwn: boolean): SearchParameter {
  const [name = '', element] = entry.split('=');
  const key = keysByName[name] ?? { kind: 'date' };
  return { name, type: typeOf(name, key), isOwn, key, ...(element === undefined ? {} : { element }) };
}

function typeOf(name: string, { kind }: SearchedKey): SearchParameter['type'] {
  if (kind === 'text') return 'string';
  if (kind === 'patient' || ['practitioner', 'target'].includes(name)) return 'reference';
  return kind === 'date' || kind === 'lastUpdated' ? 'date' : 'token';
}
