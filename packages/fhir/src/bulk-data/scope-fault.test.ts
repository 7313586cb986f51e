import { expect, test } from '@jest/globals';
import { scopeDoubt, scopeFault } from './scopes.ts';

test.each([
  { scope: 'system/*.read' },
  { scope: 'system/Patient.read system/Observation.rs' },
  { scope: 'system/*.cruds' },
  { scope: 'system/Observation.rs?category=laboratory' },
  { scope: 'https://server.example/.default' },
  { scope: 'launch/patient patient/*.read openid fhirUser offline_access', withUser: true },
  { scope: 'launch user/Condition.rs', withUser: true },
])('the scope "$scope" is valid', ({ scope, withUser = false }) => {
  expect([scopeFault({ scope, withUser }), scopeDoubt({ scope, withUser })]).toEqual([undefined, undefined]);
});

test.each([
  // OpenEMR, https://github.com/openemr/openemr/blob/master/FHIR_README.md ("Bulk FHIR Exports").
  { scope: 'system/Patient.$export system/*.$bulkdata-status system/Binary.read' },
  // Entra, https://learn.microsoft.com/entra/identity-platform/scopes-oidc ("The .default scope").
  { scope: 'api://11111111-2222-3333-4444-555555555555/.default' },
  // Cognito, https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-define-resource-servers.html.
  { scope: 'solar-system-data/sunproximity.read' },
  { scope: 'bcda-api' },
])('the scope "$scope" of a form that is not known is a doubt, and no fault', ({ scope }) => {
  expect(scopeFault({ scope, withUser: false })).toBeUndefined();
  expect(scopeDoubt({ scope, withUser: false })).toContain(scope.split(' ')[0]);
});

test.each([
  { scope: 'system/*.read  system/*.rs', says: 'one space' },
  { scope: 'system/*.read launch/patient', says: 'grant type authorization_code' },
  { scope: 'system/Patient.rs system/Patients.rs', says: 'Did you mean Patient?' },
  { scope: 'system/Conditions.read', says: 'Did you mean Condition?' },
])('no server can grant "$scope": $says', ({ scope, says }) => {
  expect(scopeFault({ scope, withUser: false })).toContain(says);
});

test.each([
  { scope: 'Patient.read', says: 'not a SMART scope' },
  { scope: 'systm/Patient.read', says: 'must start with patient/, user/ or system/' },
  { scope: 'system/Patients.read', says: '"Patients" is not a FHIR R4 resource type. Did you mean Patient?' },
  { scope: 'system/.read', says: '"" is not a FHIR R4 resource type' },
  { scope: 'system/Patient.reed', says: 'must end with read, write' },
  { scope: 'system/Patient.', says: 'must end with read, write' },
  { scope: 'system/Patient.sr', says: 'in the order cruds' },
  { scope: 'system/Patient.read?active=true', says: 'version 2' },
  { scope: 'patient/*.read', says: 'starts with system/' },
  { scope: 'systm/*.read system/Patients.rs', says: 'Patients' },
])('the scope "$scope" is doubted: $says', ({ scope, says }) => {
  expect(scopeDoubt({ scope, withUser: false })).toContain(says);
});
