import leven from 'leven';
/** A FHIR R4 resource as parsed from JSON. Numbers that a double would change are `ExactNumber`s. */
export interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly meta?: ResourceMeta;
  readonly [element: string]: unknown;
}

export interface ResourceMeta {
  readonly versionId?: string;
  /** A FHIR instant. */
  readonly lastUpdated?: string;
  /** Labels, by which an EHR says for example that a record is restricted. As received, so of any form. */
  readonly security?: unknown;
  readonly tag?: readonly { readonly system?: string; readonly code?: string }[];
}

/**
 * FHIR ids (https://hl7.org/fhir/R4/datatypes.html#id) with up to 128 characters, because real servers exceed FHIR's limit of 64.
 */
const idPattern = /^[A-Za-z0-9\-._]{1,128}$/;
/** In a URL they lead to another place. */
const dotSegments = ['.', '..'];

export function isResourceId(value: unknown): value is string {
  return typeof value === 'string' && idPattern.test(value) && !dotSegments.includes(value);
}

/** The guide's standard set of types. */
export const standardResourceTypes = [
  'Patient',
  'Observation',
  'Condition',
  'MedicationRequest',
  'AllergyIntolerance',
  'Immunization',
  'Procedure',
] as const;

/** The guide's enhanced set of types. */
export const enhancedResourceTypes = [
  'DiagnosticReport',
  'CarePlan',
  'Encounter',
  'Appointment',
  'DocumentReference',
] as const;

/** Every resource type of FHIR R4 (4.0.1): https://hl7.org/fhir/R4/resourcelist.html. */
export const r4ResourceTypes: readonly string[] =
  `Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic Binary
  BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement CarePlan CareTeam CatalogEntry ChargeItem
  ChargeItemDefinition Claim ClaimResponse ClinicalImpression CodeSystem Communication CommunicationRequest
  CompartmentDefinition Composition ConceptMap Condition Consent Contract Coverage CoverageEligibilityRequest
  CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric DeviceRequest DeviceUseStatement
  DiagnosticReport DocumentManifest DocumentReference EffectEvidenceSynthesis Encounter Endpoint EnrollmentRequest
  EnrollmentResponse EpisodeOfCare EventDefinition Evidence EvidenceVariable ExampleScenario ExplanationOfBenefit
  FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse HealthcareService ImagingStudy Immunization
  ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide InsurancePlan Invoice Library Linkage List
  Location Measure MeasureReport Media Medication MedicationAdministration MedicationDispense MedicationKnowledge
  MedicationRequest MedicationStatement MedicinalProduct MedicinalProductAuthorization
  MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction
  MedicinalProductManufactured MedicinalProductPackaged MedicinalProductPharmaceutical
  MedicinalProductUndesirableEffect MessageDefinition MessageHeader MolecularSequence NamingSystem NutritionOrder
  Observation ObservationDefinition OperationDefinition OperationOutcome Organization OrganizationAffiliation
  Parameters Patient PaymentNotice PaymentReconciliation Person PlanDefinition Practitioner PractitionerRole Procedure
  Provenance Questionnaire QuestionnaireResponse RelatedPerson RequestGroup ResearchDefinition
  ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment RiskEvidenceSynthesis Schedule
  SearchParameter ServiceRequest Slot Specimen SpecimenDefinition StructureDefinition StructureMap Subscription
  Substance SubstanceNucleicAcid SubstancePolymer SubstanceProtein SubstanceReferenceInformation
  SubstanceSourceMaterial SubstanceSpecification SupplyDelivery SupplyRequest Task TerminologyCapabilities TestReport
  TestScript ValueSet VerificationResult VisionPrescription`.split(/\s+/);

const knownTypes: ReadonlySet<string> = new Set(r4ResourceTypes);

/** FHIR's abstract type. The lines of a file with this type can have any type. */
export const anyResourceType = 'Resource';

export function isResourceType(name: string): boolean {
  return knownTypes.has(name);
}

/** Says so, and names the type that was probably meant: `"Observatoin" is not a FHIR R4 resource type. Did you mean Observation?`. */
export function whyNotResourceType(name: string): string {
  const fault = `${JSON.stringify(name.slice(0, 60))} is not a FHIR R4 resource type`;
  const meant = nearestName(name, r4ResourceTypes);
  return meant === undefined ? fault : `${fault}. Did you mean ${meant}?`;
}

/** @returns the name that was probably meant. Undefined if none is near enough */
export function nearestName(name: string, names: Iterable<string>): string | undefined {
  const word = name.slice(0, 60).toLowerCase();
  // Two typing errors. Short names with as many errors could mean anything.
  let nearest = { name: '', distance: Math.floor(Math.min(2, word.length / 3)) + 1 };
  for (const candidate of names) {
    const distance = leven(word, candidate.toLowerCase());
    if (distance < nearest.distance) nearest = { name: candidate, distance };
  }
  return nearest.name || undefined;
}

/** Whether a resource is incomplete, as with `_elements` or `_summary`: https://hl7.org/fhir/R4/valueset-common-tags.html. */
export function isSubsetted({ meta }: Resource): boolean {
  return Array.isArray(meta?.tag) && meta.tag.some((tag) => tag?.code === 'SUBSETTED');
}
