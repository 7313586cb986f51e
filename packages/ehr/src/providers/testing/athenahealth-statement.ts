/** The 20 types whose search declares `patient` in the CapabilityStatement that athenahealth's server served on 2026-08-14. */
export const patientSearchTypes = (
  'AllergyIntolerance CarePlan CareTeam Condition Coverage Device DiagnosticReport DocumentReference Encounter FamilyMemberHistory ' +
  'Goal Immunization MedicationDispense MedicationRequest Observation Procedure QuestionnaireResponse RelatedPerson ServiceRequest Specimen'
).split(' ');

/** The other types that it declares, besides the Group. */
export const otherDeclaredTypes =
  'Appointment Binary Location Media Medication Organization Patient Practitioner Provenance Questionnaire'.split(' ');

const bulkData = 'http://hl7.org/fhir/uv/bulkdata';

/** That CapabilityStatement, rebuilt from what is known of it: types, levels of exports, and search parameters. */
export const athenahealthStatement = {
  resourceType: 'CapabilityStatement',
  status: 'active',
  date: '2026-08-14',
  kind: 'instance',
  fhirVersion: '4.0.1',
  format: ['application/fhir+json'],
  instantiates: [`${bulkData}/CapabilityStatement/bulk-data|2.0.0`],
  rest: [
    {
      mode: 'server',
      resource: [
        ...patientSearchTypes.map((type) => searchable(type, ['_id', 'patient', '_lastUpdated'])),
        ...otherDeclaredTypes.map((type) => searchable(type, parametersOf(type))),
        {
          type: 'Group',
          interaction: [],
          operation: [{ name: 'group-export', definition: `${bulkData}/OperationDefinition/group-export` }],
        },
      ],
    },
  ],
};

function parametersOf(type: string): string[] {
  if (type === 'Patient')
    return ['_id', 'identifier', 'name', 'family', 'birthdate', 'gender', 'given', '_lastUpdated'];
  return [type === 'Provenance' ? 'target' : '_id'];
}

function searchable(type: string, names: readonly string[]) {
  return {
    type,
    interaction: [{ code: 'read' }, { code: 'search-type' }],
    searchParam: names.map((name) => ({ name, type: name === 'patient' ? 'reference' : 'token' })),
  };
}
