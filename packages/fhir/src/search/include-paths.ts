import { type DirectReference, readReference } from '../resources/reference.ts';
import { isResourceType, type Resource } from '../resources/resource.ts';
import { searchParametersOf } from './search-parameters.ts';

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

/** An `_include`: the elements of the matches whose targets are added to the page. */
export interface Include {
  readonly paths: readonly (readonly string[])[];
  /** Only targets of this type. */
  readonly targetType: string | undefined;
}

/** Parameters that are defined for one type of target only, whatever their element may refer to. */
const targetsOf: Readonly<Record<string, string>> = {
  patient: 'Patient',
  practitioner: 'Practitioner',
  location: 'Location',
};

/** Reads `Type:parameter` or `Type:parameter:TargetType`. @returns undefined if there is no such parameter */
export function readInclude(text: string): (Include & { readonly type: string }) | undefined {
  const [type = '', parameter = '', targetType, ...others] = text.split(':');
  const entry = parametersOf(type).find(([name]) => name === parameter);
  if (!entry || others.length > 0 || (targetType !== undefined && !isResourceType(targetType))) return undefined;
  const [, paths] = entry;
  return { type, paths, targetType: targetType ?? targetsOf[parameter] };
}

/** The values of `_include` for a type. */
export function includesOf(type: string): string[] {
  return parametersOf(type).map(([name]) => `${type}:${name}`);
}

/** A `_revinclude`: the resources of `type` that refer to the matches are added to the page. */
export interface RevInclude extends Include {
  readonly type: string;
  /** The search parameter of the type. */
  readonly name: string;
  /** What finds them: the record of the patients that the matches are, or a token with the reference. */
  readonly key: 'patient' | 'target';
}

/** The values of `_revinclude` for matches of a type: what the stored keys find. */
export function revIncludesOf(resourceType: string): string[] {
  const ofPatients = Object.keys(parametersByType).flatMap((type) =>
    parametersOf(type)
      .filter(([name]) => patientNames.includes(name) && searchParametersOf(type).has(name))
      .map(([name]) => `${type}:${name}`),
  );
  return [provenanceTarget, ...(resourceType === 'Patient' ? ofPatients : [])];
}

/** US Core requires it for every type. */
const provenanceTarget = 'Provenance:target';
const patientNames = ['patient', 'subject'];

/** Reads `Type:parameter` or `Type:parameter:TargetType`, for matches of a type. @returns undefined if no key finds what it asks for */
export function readRevInclude(text: string, resourceType: string): RevInclude | undefined {
  const include = readInclude(text);
  const [type = '', name = ''] = text.split(':');
  const parameter = `${type}:${name}`;
  if (!include || !revIncludesOf(resourceType).includes(parameter)) return undefined;
  if (include.targetType !== undefined && include.targetType !== resourceType) return undefined;
  return { ...include, name, key: parameter === provenanceTarget ? 'target' : 'patient' };
}

/** Everything to which resources of a type can refer. */
export function allIncludesOf(type: string): readonly (Include & { readonly type: string })[] {
  return parametersOf(type).map(([, paths]) => ({ type, paths, targetType: undefined }));
}

function parametersOf(type: string): readonly (readonly [name: string, paths: readonly (readonly string[])[]])[] {
  const text = Object.hasOwn(parametersByType, type) ? parametersByType[type] : undefined;
  if (text === undefined) return [];
  return text.split(' ').map((entry) => {
    const [name = '', paths = name.replace(/-(.)/g, (_dash, letter) => letter.toUpperCase())] = entry.split('=');
    return [name, paths.split(',').map((path) => path.split('.'))];
  });
}

/** The references of a resource that an `_include` follows. `baseUrls` are those of the server of the resource (`baseUrlsOf`). */
export function includedReferences(
  resource: Resource,
  { paths, targetType, baseUrls }: Include & { readonly baseUrls: readonly string[] },
): DirectReference[] {
  return paths
    .flatMap((path) => valuesAt(resource, path))
    .flatMap((value) => readReference((value as { readonly reference?: unknown } | null)?.reference, baseUrls) ?? [])
    .filter(({ type }) => targetType === undefined || type === targetType);
}

function valuesAt(resource: Resource, path: readonly string[]): unknown[] {
  let values: unknown[] = [resource];
  for (const name of path)
    values = values.flatMap((value) => [(value as Record<string, unknown> | null | undefined)?.[name] ?? []].flat());
  return values;
}
