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

const sharedByMany =
  'onrender.com azurefd.net herokuapp.com netlify.app vercel.app fly.dev pages.dev workers.dev cloudfront.net run.app a.run.app web.app ' +
  'firebaseapp.com appspot.com cloudapp.azure.com azure.com blob.core.windows.net core.windows.net windows.net azurewebsites.net ' +
  'azurecontainer.io trafficmanager.net azure-api.net s3.amazonaws.com amazonaws.com us-east-1.amazonaws.com elasticbeanstalk.com on.aws ' +
  'ngrok.io ngrok.app ngrok-free.app gitlab.io github.io surge.sh deno.dev replit.app up.railway.app storage.googleapis.com ' +
  'duckdns.org dyndns.org ddns.net myshopify.com wixsite.com blogspot.com supabase.co hf.space zeabur.app gov.uk k12.ca.us scw.cloud';
test.each(sharedByMany.split(' '))(
  'the pattern *.%s is too wide, because everyone can have a host below it #egress',
  (domain) => {
    expect(hostPatternFault(`*.${domain}`)).toMatch(/too wide/);
  },
);

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
