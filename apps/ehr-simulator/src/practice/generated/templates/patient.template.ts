import type { GeneratedType } from '../generated-type.ts';
import { concept } from './concept.ts';
import { patientReferences } from './patient-references.ts';
import { resourceHead } from './resource-head.ts';

const head = resourceHead({
  type: 'Patient',
  profile: 'patient',
  narrative:
    '<p><b>{{given}} {{family}}</b>, {{gender}}, born {{birthDate}}</p><p>{{street}}, {{city}} {{postalCode}}</p>',
});

function usCoreRace({ code, display }: { readonly code: string; readonly display: string }) {
  return {
    url: 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race',
    extension: [
      { url: 'ombCategory', valueCoding: { system: 'urn:oid:2.16.840.1.113883.6.238', code, display } },
      { url: 'text', valueString: display },
    ],
  };
}

function variant(race: { readonly code: string; readonly display: string }) {
  return {
    ...head,
    extension: [
      ...head.extension,
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
        type: concept({ system: 'hl7', name: 'v2-0203', code: 'MR', display: 'Medical Record Number' }),
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
    resource: variant(race),
    value: { min: 25, max: 48, decimals: 6 },
    value2: { min: 70, max: 120, decimals: 6 },
  })),
};
