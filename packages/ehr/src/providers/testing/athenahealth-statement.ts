/** The 20 types whose search declares `patient` in the CapabilityStatement that athenahealth's server served on 2026-08-14. */
export const patientSearchTypes = (
  'AllergyIntolerance CarePlan CareTeam Condition Coverage Device DiagnosticReport DocumentReference Encounter FamilyMemberHistory ' +
  'Goal Immunization MedicationDispense MedicationRequest Observation Procedure QuestionnaireResponse RelatedPerson ServiceRequest Specimen'
).split(' ');

/** The other types that it declares, besides the Group. */
export const otherDeclaredTypes =
  'Appointment Binary Location Media Medication Organization Patient Practitioner Provenance Questionnaire'.split(' ');

const bulkData = 'http://hl7.org/fhir/uv/bulkdata';

/** Can be read and not searched. */
const readOnlyTypes = ['Binary', 'Media'];
/** Their searches do not declare `_id`. */
const withoutId = ['AllergyIntolerance', 'Coverage', 'Provenance'];
/** Their searches do not declare `ah-practice`, which athenahealth demands of others. */
const withoutPractice = ['Questionnaire', 'RelatedPerson', 'Specimen'];

/**
 * That CapabilityStatement, rebuilt from what is known of it: types, levels of exports, and search parameters. It is dated 2022-06-06. Of 22 types that
 * take `_revinclude=Provenance:target`, two are not known here.
 */
export const athenahealthStatement = {
  resourceType: 'CapabilityStatement',
  status: 'active',
  date: '2022-06-06',
  kind: 'instance',
  fhirVersion: '4.0.1',
  format: ['application/fhir+json'],
  instantiates: [`${bulkData}/CapabilityStatement/bulk-data|2.0.0`],
  rest: [
    {
      mode: 'server',
      resource: [
        ...patientSearchTypes.map((type) => searchable(type, ['patient', '_lastUpdated'], true)),
        ...otherDeclaredTypes.map((type) => searchable(type, parametersOf(type))),
        {
          type: 'Group',
          interaction: [],
          // By another definition than that of FHIR Bulk Data.
          operation: [{ name: 'export', definition: 'OperationDefinition/ah-group-export' }],
        },
      ],
    },
  ],
};

function parametersOf(type: string): string[] {
  if (type === 'Patient') return ['identifier', 'name', 'family', 'birthdate', 'gender', 'given', '_lastUpdated'];
  return type === 'Provenance' ? ['target'] : [];
}

function searchable(type: string, own: readonly string[], isRevincluding = false) {
  if (readOnlyTypes.includes(type)) return { type, interaction: [{ code: 'read' }] };
  const names = [
    ...(withoutId.includes(type) ? [] : ['_id']),
    ...own,
    ...(withoutPractice.includes(type) ? [] : ['ah-practice']),
  ];
  return {
    type,
    interaction: [{ code: 'read' }, { code: 'search-type' }],
    searchParam: names.map((name) => ({ name, type: name === 'patient' ? 'reference' : 'token' })),
    ...(isRevincluding ? { searchRevInclude: ['Provenance:target'] } : {}),
  };
}
