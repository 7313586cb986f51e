/** The elements that US Core 8 must support, and its extensions: https://hl7.org/fhir/us/core/STU8/must-support.html. */
export const mustSupport: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries({
    Patient: `identifier name telecom gender birthDate deceased address communication.language us-core-race us-core-ethnicity
      us-core-birthsex us-core-sex us-core-tribal-affiliation us-core-interpreter-needed us-core-genderIdentity`,
    AllergyIntolerance: 'clinicalStatus verificationStatus code patient reaction.manifestation',
    CarePlan: 'text status intent category subject',
    CareTeam: 'status subject participant.role participant.member',
    Condition: 'clinicalStatus verificationStatus category code subject encounter onset abatement recordedDate',
    Coverage: 'identifier status type subscriberId beneficiary relationship period payor class.value class.name',
    Device: `udiCarrier.deviceIdentifier udiCarrier.carrierHRF distinctIdentifier manufactureDate expirationDate lotNumber serialNumber
      type patient`,
    DiagnosticReport: `status category code subject encounter effective issued performer result media.link presentedForm`,
    DocumentReference: `identifier status type category subject date author content.attachment content.format context.encounter
      context.period`,
    Encounter: `identifier status class type subject participant.type participant.period participant.individual period reasonCode
      reasonReference hospitalization.dischargeDisposition location.location serviceProvider`,
    Goal: 'lifecycleStatus description subject start target.due',
    Immunization: 'status statusReason vaccineCode patient encounter occurrence primarySource location',
    Location: 'identifier status name type telecom address managingOrganization',
    Medication: 'code',
    MedicationRequest: `status intent category reported medication subject encounter authoredOn requester reasonCode reasonReference
      dosageInstruction.text dosageInstruction.timing dosageInstruction.doseAndRate.dose dispenseRequest.numberOfRepeatsAllowed
      dispenseRequest.quantity`,
    Observation: `status category code subject encounter effective value dataAbsentReason interpretation specimen referenceRange.low
      referenceRange.high referenceRange.text performer hasMember derivedFrom component.code component.value
      component.dataAbsentReason`,
    Organization: 'identifier active name telecom address',
    Practitioner: 'identifier name telecom address',
    Procedure: 'status code subject encounter performed basedOn reasonCode reasonReference',
    Provenance: 'target recorded agent.type agent.who agent.onBehalfOf',
  }).map(([type, elements]) => [type, elements.split(/\s+/)]),
);

/** Why a view has no column for what it loses. The first pattern counts that finds `VIEW ELEMENT: TYPE` or `VIEW QUALIFIER: ELEMENT`. */
export const whyLost: readonly (readonly [RegExp, string])[] = [
  [/a contained resource: /, 'it has no id at the EHR. Your own view can read it.'],
  [
    /a comparator: (?:referenceRange|dispenseRequest\.quantity|doseQuantity|dosageInstruction|activity)/,
    'FHIR allows none there.',
  ],
  [/^encounter_diagnosis /, 'it is in `encounter`.'],
  [/^care_plan_activity /, 'it is in `care_plan`.'],
];
