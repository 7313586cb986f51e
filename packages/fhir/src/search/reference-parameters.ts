/**
 * The search parameters of type reference of R4 (4.0.1), for the types that a patient's record has: `name` if the element has the same
 * name in camel case, otherwise `name=path`. Source: https://hl7.org/fhir/R4/searchparameter-registry.html.
 */
const parametersByType: Readonly<Record<string, string>> = {
  Account: 'owner patient=subject subject',
  AdverseEvent:
    'location recorder resultingcondition=resultingCondition study subject substance=suspectEntity.instance',
  AllergyIntolerance: 'asserter patient recorder',
  Appointment:
    'actor=participant.actor based-on location=participant.actor patient=participant.actor practitioner=participant.actor reason-reference slot supporting-info=supportingInformation',
  AppointmentResponse: 'actor appointment location=actor patient=actor practitioner=actor',
  Basic: 'author patient=subject subject',
  BodyStructure: 'patient',
  CarePlan:
    'activity-reference=activity.reference based-on care-team condition=addresses encounter goal part-of patient=subject performer=activity.detail.performer replaces subject',
  CareTeam: 'encounter participant=participant.member patient=subject subject',
  ChargeItem:
    'account context enterer patient=subject performer-actor=performer.actor performing-organization requesting-organization service subject',
  Claim:
    'care-team=careTeam.provider detail-udi=item.detail.udi encounter=item.encounter enterer facility insurer item-udi=item.udi patient payee=payee.party procedure-udi=procedure.udi provider subdetail-udi=item.detail.subDetail.udi',
  ClaimResponse: 'insurer patient request requestor',
  ClinicalImpression:
    'assessor encounter finding-ref=finding.itemReference investigation=investigation.item patient=subject previous problem subject supporting-info',
  Communication: 'based-on encounter part-of patient=subject recipient sender subject',
  CommunicationRequest: 'based-on encounter patient=subject recipient replaces requester sender subject',
  Composition:
    'attester=attester.party author encounter entry=section.entry patient=subject related-ref=relatesTo.targetReference subject',
  Condition: 'asserter encounter evidence-detail=evidence.detail patient=subject subject',
  Consent:
    'actor=provision.actor.reference consentor=performer data=provision.data.reference organization patient source-reference',
  Coverage: 'beneficiary patient=beneficiary payor policy-holder subscriber',
  DetectedIssue: 'author implicated patient',
  Device: 'location organization=owner patient',
  DeviceRequest:
    'based-on device=codeReference encounter insurance patient=subject performer prior-request requester subject',
  DeviceUseStatement: 'device patient=subject subject',
  DiagnosticReport:
    'based-on encounter media=media.link patient=subject performer result results-interpreter specimen subject',
  DocumentManifest: 'author item=content patient=subject recipient related-ref=related.ref subject',
  DocumentReference:
    'authenticator author custodian encounter=context.encounter patient=subject related=context.related relatesto=relatesTo.target subject',
  Encounter:
    'account appointment based-on diagnosis=diagnosis.condition episode-of-care location=location.location part-of participant=participant.individual patient=subject practitioner=participant.individual reason-reference service-provider subject',
  EpisodeOfCare:
    'care-manager condition=diagnosis.condition incoming-referral=referralRequest organization=managingOrganization patient',
  ExplanationOfBenefit:
    'care-team=careTeam.provider claim coverage=insurance.coverage detail-udi=item.detail.udi encounter=item.encounter enterer facility item-udi=item.udi patient payee=payee.party procedure-udi=procedure.udi provider subdetail-udi=item.detail.subDetail.udi',
  FamilyMemberHistory: 'patient',
  Flag: 'author encounter patient=subject subject',
  Goal: 'patient=subject subject',
  Group: 'managing-entity member=member.entity',
  HealthcareService: 'coverage-area endpoint location organization=providedBy',
  ImagingStudy:
    'basedon=basedOn encounter endpoint=endpoint,series.endpoint interpreter patient=subject performer=series.performer.actor referrer subject',
  Immunization: 'location manufacturer patient performer=performer.actor reaction=reaction.detail reason-reference',
  Invoice: 'account issuer participant=participant.actor patient=subject recipient subject',
  List: 'encounter item=entry.item patient=subject source subject',
  Location: 'endpoint organization=managingOrganization partof=partOf',
  Media: 'based-on device encounter operator patient=subject subject',
  Medication: 'ingredient=ingredient.itemReference manufacturer',
  MedicationAdministration:
    'context device medication=medicationReference patient=subject performer=performer.actor request subject',
  MedicationDispense:
    'context destination medication=medicationReference patient=subject performer=performer.actor prescription=authorizingPrescription receiver responsibleparty=substitution.responsibleParty subject',
  MedicationRequest:
    'encounter intended-dispenser=dispenseRequest.performer intended-performer=performer medication=medicationReference patient=subject requester subject',
  MedicationStatement:
    'context medication=medicationReference part-of patient=subject source=informationSource subject',
  NutritionOrder: 'encounter patient provider=orderer',
  Observation:
    'based-on derived-from device encounter focus has-member part-of patient=subject performer specimen subject',
  Organization: 'endpoint partof=partOf',
  Patient: 'general-practitioner link=link.other organization=managingOrganization',
  PractitionerRole: 'endpoint location organization practitioner service=healthcareService',
  Procedure: 'based-on encounter location part-of patient=subject performer=performer.actor reason-reference subject',
  Provenance: 'agent=agent.who entity=entity.what location patient=target target',
  QuestionnaireResponse: 'author based-on encounter part-of patient=subject source subject',
  RelatedPerson: 'patient',
  RequestGroup: 'author encounter participant=action.participant patient=subject subject',
  RiskAssessment: 'condition encounter patient=subject performer subject',
  Schedule: 'actor',
  ServiceRequest: 'based-on encounter patient=subject performer replaces requester specimen subject',
  Slot: 'schedule',
  Specimen: 'collector=collection.collector parent patient=subject subject',
  Task: 'based-on encounter focus owner part-of patient=for requester subject=for',
  VisionPrescription: 'encounter patient prescriber',
};

/** Parameters that are defined for one type of target only, whatever their element may refer to. */
export const targetsOf: Readonly<Record<string, string>> = {
  patient: 'Patient',
  practitioner: 'Practitioner',
  location: 'Location',
};

/** The types of the table. */
export const referenceParameterTypes: readonly string[] = Object.keys(parametersByType);

/** The parameters of type reference of a type, each with the paths of the elements that it compares. */
export function referenceParametersOf(
  type: string,
): readonly (readonly [name: string, paths: readonly (readonly string[])[]])[] {
  const text = Object.hasOwn(parametersByType, type) ? parametersByType[type] : undefined;
  if (text === undefined) return [];
  return text.split(' ').map((entry) => {
    const [name = '', paths = name.replace(/-(.)/g, (_dash, letter) => letter.toUpperCase())] = entry.split('=');
    return [name, paths.split(',').map((path) => path.split('.'))];
  });
}
