import type { GeneratedType } from './template.ts';
import { commonExtensions, hl7Concept, patientReferences } from './template-parts.ts';

function usCoreRace({ code, display }: { readonly code: string; readonly display: string }) {
  return {
    url: 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race',
    extension: [
      { url: 'ombCategory', valueCoding: { system: 'urn:oid:2.16.840.1.113883.6.238', code, display } },
      { url: 'text', valueString: display },
    ],
  };
}

function patientOf(race: { readonly code: string; readonly display: string }) {
  return {
    extension: [
      ...commonExtensions,
      usCoreRace(race),
      {
        url: 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace',
        valueAddress: {
          city: '{{city}}',
          extension: [
            {
              url: 'http://hl7.org/fhir/StructureDefinition/geolocation',
              extension: [
                { url: 'latitude', valueDecimal: '{{#value}}' },
                { url: 'longitude', valueDecimal: '{{#value2}}' },
              ],
            },
          ],
        },
      },
    ],
    identifier: [
      {
        use: 'usual',
        type: hl7Concept({ name: 'v2-0203', code: 'MR', display: 'Medical Record Number' }),
        system: 'https://fhir.athena.io/sid/ah-patient',
        value: '{{id}}',
      },
      { use: 'secondary', system: 'urn:oid:2.16.840.1.113883.3.564', value: '{{recordNumber}}' },
    ],
    active: true,
    name: [{ use: 'official', text: '{{given}} {{family}}', family: '{{family}}', given: ['{{given}}'] }],
    telecom: [
      { system: 'phone', value: '{{phone}}', use: 'home' },
      { system: 'email', value: 'patient{{recordNumber}}@example.org' },
    ],
    gender: '{{gender}}',
    birthDate: '{{birthDate}}',
    address: [
      { use: 'home', line: ['{{street}}'], city: '{{city}}', state: 'MA', postalCode: '{{postalCode}}', country: 'US' },
    ],
    communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'en-US' }] }, preferred: true }],
    generalPractitioner: [patientReferences.practitioner],
    managingOrganization: patientReferences.organization,
  };
}

export const patientTemplate: GeneratedType = {
  type: 'Patient',
  idPart: 'E',
  scope: 'patient',
  count: { min: 1, max: 1 },
  variants: [
    { code: '2106-3', display: 'White' },
    { code: '2054-5', display: 'Black or African American' },
    { code: '2028-9', display: 'Asian' },
  ].map((race) => ({
    narrative:
      '<p><b>{{given}} {{family}}</b>, {{gender}}, born {{birthDate}}</p><p>{{street}}, {{city}} {{postalCode}}</p>',
    resource: patientOf(race),
    value: { min: 25, max: 48, decimals: 6 },
    value2: { min: 70, max: 120, decimals: 6 },
  })),
};

export const practitionerTemplate: GeneratedType = {
  type: 'Practitioner',
  idPart: 'Provider',
  scope: 'practice',
  count: { min: 12, max: 12 },
  variants: [
    {
      narrative: '<p>{{given}} {{family}}, MD</p>',
      resource: {
        identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '100{{recordNumber}}' }],
        active: true,
        name: [{ family: '{{family}}', given: ['{{given}}'], prefix: ['Dr.'], suffix: ['MD'] }],
        telecom: [{ system: 'phone', value: '{{phone}}', use: 'work' }],
        gender: '{{gender}}',
        qualification: [{ code: hl7Concept({ name: 'v2-0360', code: 'MD', display: 'Doctor of Medicine' }) }],
      },
    },
  ],
};

export const organizationTemplate: GeneratedType = {
  type: 'Organization',
  idPart: 'Department',
  scope: 'practice',
  count: { min: 3, max: 3 },
  variants: [
    {
      narrative: '<p>Clínica {{family}} &amp; Partners</p>',
      resource: {
        active: true,
        type: [hl7Concept({ name: 'organization-type', code: 'prov', display: 'Healthcare Provider' })],
        name: 'Clínica {{family}} & Partners',
        telecom: [{ system: 'phone', value: '{{phone}}' }],
        address: [{ line: ['{{street}}'], city: '{{city}}', state: 'MA', postalCode: '{{postalCode}}', country: 'US' }],
      },
    },
  ],
};

export const locationTemplate: GeneratedType = {
  type: 'Location',
  idPart: 'Location',
  scope: 'practice',
  count: { min: 4, max: 4 },
  variants: [
    {
      narrative: '<p>{{street}}, {{city}}</p>',
      resource: {
        status: 'active',
        name: '{{city}} office',
        mode: 'instance',
        type: [hl7Concept({ name: 'v3-RoleCode', code: 'OF', display: 'Outpatient facility' })],
        telecom: [{ system: 'phone', value: '{{phone}}' }],
        address: { line: ['{{street}}'], city: '{{city}}', state: 'MA', postalCode: '{{postalCode}}', country: 'US' },
        position: { longitude: '{{#value2}}', latitude: '{{#value}}' },
        managingOrganization: patientReferences.organization,
      },
      value: { min: 25, max: 48, decimals: 6 },
      value2: { min: 70, max: 120, decimals: 6 },
    },
  ],
};
