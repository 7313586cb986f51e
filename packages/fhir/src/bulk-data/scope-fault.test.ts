import { describe, expect, test } from '@jest/globals';
import { scopeFault } from './scopes.ts';

describe('a scope', () => {
  test.each([
    { scope: 'system/*.read' },
    { scope: 'system/Patient.read system/Observation.rs' },
    { scope: 'system/*.cruds' },
    { scope: 'system/Observation.rs?category=laboratory' },
    { scope: 'https://server.example/.default' },
    { scope: 'launch/patient patient/*.read openid fhirUser offline_access', withUser: true },
    { scope: 'launch user/Condition.rs', withUser: true },
  ])('"$scope" is right', ({ scope, withUser = false }) => {
    expect(scopeFault({ scope, withUser })).toBeUndefined();
  });

  test.each([
    { scope: 'Patient.read', says: 'no scope of SMART' },
    { scope: 'systm/Patient.read', says: 'none of patient/, user/, system/' },
    { scope: 'system/Patients.read', says: 'Patients is no resource type' },
    { scope: 'system/.read', says: '(nothing) is no resource type' },
    { scope: 'system/Patient.reed', says: 'neither read, write' },
    { scope: 'system/Patient.', says: 'neither read, write' },
    { scope: 'system/Patient.sr', says: 'in the order cruds' },
    { scope: 'system/Patient.read?active=true', says: 'version 2' },
    { scope: 'system/*.read  system/*.rs', says: 'one space' },
    { scope: 'patient/*.read', says: 'start with system/' },
    { scope: 'system/*.read launch/patient', says: 'for authorization_code' },
    { scope: 'systm/*.read system/Patients.rs', says: 'Patients' },
  ])('"$scope" is refused: $says', ({ scope, says }) => {
    expect(scopeFault({ scope, withUser: false })).toContain(says);
  });
});
