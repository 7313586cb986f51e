import { expect, test } from '@jest/globals';
import { matchesEndpointHosts } from './ehr-origins.ts';
import { hostPatternFault } from './host-pattern.ts';

test.each([
  'ehr.example',
  '*.ehr.example',
  '*.fhir.ehr.co.uk',
  '*.hospital.nhs.uk',
  'a.cloudfront.net',
  '*.example.com',
])('the pattern %s names hosts of one organization #egress', (pattern) => {
  expect(hostPatternFault(pattern)).toBeUndefined();
});

test.each([
  '*',
  '*.',
  '*.*',
  '*.com',
  '*.example',
  '*.co.uk',
  '*.nhs.uk',
  '*.com.au',
  '*.github.io',
  '*.eu.azurewebsites.net',
  '*ehr.example',
  'ehr.*.example',
  '**.ehr.example',
  'https://ehr.example',
  'ehr.example:8443',
  'ehr.example/fhir',
  '*.127.0.0.1',
  '*.10',
  'EHR.example',
  '',
  'localhost',
])('the pattern %j is refused #egress', (pattern) => {
  expect(hostPatternFault(pattern)).toBeDefined();
});

test.each([
  { url: 'https://a.ehr.example/fhir', isMatch: true },
  { url: 'https://b.a.ehr.example/fhir', isMatch: true },
  { url: 'https://own.example/fhir', isMatch: true },
  { url: 'https://ehr.example/fhir', isMatch: false },
  { url: 'https://evil-ehr.example/fhir', isMatch: false },
  { url: 'https://a.ehr.example.evil.example/fhir', isMatch: false },
  { url: 'https://evil.example/.ehr.example', isMatch: false },
  { url: 'https://a.ehr.example@evil.example/', isMatch: false },
  { url: 'https://user@a.ehr.example/', isMatch: false },
  { url: 'http://a.ehr.example/fhir', isMatch: false },
  { url: 'https://a.ehr.example:8443/fhir', isMatch: false },
])('$url is an endpoint of the patterns: $isMatch #egress', ({ url, isMatch }) => {
  expect(matchesEndpointHosts(url, { endpointHosts: ['*.ehr.example', 'own.example'] })).toBe(isMatch);
});
