import { isSubsetted, type Resource } from '../resources/resource.ts';

/** What a reader of any resource needs: who and which version it is, and what may change its meaning. */
const keptElements = ['resourceType', 'id', 'meta', 'implicitRules', 'modifierExtension', 'status'];

/** Elements that R4 makes mandatory in the types of US Core, which a server "SHOULD always return". */
const mandatoryElements: Readonly<Record<string, string>> = {
  AllergyIntolerance: 'patient',
  CarePlan: 'intent subject',
  Condition: 'subject',
  Coverage: 'beneficiary payor',
  DiagnosticReport: 'code',
  DocumentReference: 'content',
  Encounter: 'class',
  Goal: 'lifecycleStatus description subject',
  Immunization: 'vaccineCode patient occurrence',
  MedicationDispense: 'medication',
  MedicationRequest: 'intent medication subject',
  Observation: 'code',
  Procedure: 'subject',
  Provenance: 'target recorded agent',
  QuestionnaireResponse: 'questionnaire',
  RelatedPerson: 'patient',
  ServiceRequest: 'intent subject',
};

const subsetted = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };

/**
 * A resource with some of its elements: https://hl7.org/fhir/R4/search.html#elements. `value` is any `value[x]`. It is marked, so that no
 * client takes it for the whole resource.
 */
export function withElements(resource: Resource, elements: readonly string[]): Resource {
  const { resourceType, meta } = resource;
  const mandatory = Object.hasOwn(mandatoryElements, resourceType) ? (mandatoryElements[resourceType] ?? '') : '';
  const wanted = new Set([...keptElements, ...mandatory.split(' '), ...elements]);
  const kept = Object.entries(resource).filter(([member]) => isWanted(member.replace(/^_/, ''), wanted));
  const tag = isSubsetted(resource) ? meta?.tag : [...(Array.isArray(meta?.tag) ? meta.tag : []), subsetted];
  return { ...(Object.fromEntries(kept) as Resource), meta: { ...meta, tag: tag ?? [subsetted] } };
}

/** Names of elements are shorter. */
const maxElementCharacters = 64;

/** The type of a choice begins with the last capital letter of the member, or with an earlier one. */
function isWanted(member: string, wanted: ReadonlySet<string>): boolean {
  if (wanted.has(member)) return true;
  for (let end = 1; end < Math.min(member.length, maxElementCharacters); end += 1) {
    const isCapital = member[end] !== member[end]?.toLowerCase();
    if (isCapital && wanted.has(member.slice(0, end))) return true;
  }
  return false;
}
