import { expect, test } from '@jest/globals';
import { scopeFault } from './scopes.ts';

test.each([
  { scope: 'system/*.read' },
  { scope: 'system/Patient.read system/Observation.rs' },
  { scope: 'system/*.cruds' },
  { scope: 'system/Observation.rs?category=laboratory' },
  { scope: 'https://server.example/.default' },
  { scope: 'launch/patient patient/*.read openid fhirUser offline_access', withUser: true },
  { scope: 'launch user/Condition.rs', withUser: true },
])('the scope "$scope" is valid', ({ scope, withUser = false }) => {
  expect(scopeFault({ scope, withUser })).toBeUndefined();
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
  { scope: 'system/*.read  system/*.rs', says: 'one space' },
  { scope: 'patient/*.read', says: 'starts with system/' },
  { scope: 'system/*.read launch/patient', says: 'grant type authorization_code' },
  { scope: 'systm/*.read system/Patients.rs', says: 'Patients' },
])('the scope "$scope" is rejected: $says', ({ scope, says }) => {
  expect(scopeFault({ scope, withUser: false })).toContain(says);
});
