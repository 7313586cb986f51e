/** The references that a clinical resource of the practice has in common with the others. */
export const patientReferences = {
  subject: { reference: 'Patient/{{patientId}}', display: '{{given}} {{family}}' },
  encounter: { reference: 'Encounter/{{encounterId}}' },
  practitioner: { reference: 'Practitioner/{{practitionerId}}' },
  location: { reference: 'Location/{{locationId}}' },
  organization: { reference: 'Organization/{{organizationId}}' },
} as const;
