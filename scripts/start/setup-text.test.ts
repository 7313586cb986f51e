import { expect, test } from '@jest/globals';
import { accessText, ignoredVariablesText, requestsText } from './setup-text.ts';

const baseUrl = 'http://127.0.0.1:3000';
const access = { baseUrl, simulatorUrl: 'http://127.0.0.1:8080', apiKeyPrefix: 'bh_abcde' };

test('the first start prints the API key as a command that sets KEY', () => {
  expect(accessText({ ...access, apiKey: 'bh_abcdefgh' })).toMatch(/^ {2}export KEY=bh_abcdefgh$/m);
});

test('the command line is printed with the address of the API and the key', () => {
  expect(accessText({ ...access, apiKey: undefined })).toMatch(
    /^Command line export BULKHEAD_URL=http:\/\/127\.0\.0\.1:3000 BULKHEAD_API_KEY=\$KEY; \.\/bulkhead connections list$/m,
  );
});

test('a later start prints the command that replaces the API key', () => {
  const text = accessText({ ...access, apiKey: undefined });
  expect(text).toMatch(/\(bh_abcde\.\.\.\)\. If you lost it, get another with: npm start -- --new-key/);
  expect(text).not.toContain('export KEY');
});

test('the calls of the guide and a search of what is stored read the API key from KEY', () => {
  const ids = { connectionId: 'conn_1', exportId: 'job_1' };
  expect(requestsText({ baseUrl, ...ids, patientId: 'p1' })).toContain('Observation?connectionId=conn_1&patient=p1"');
  expect(requestsText({ baseUrl, ...ids, patientId: 'p1' }).match(/^ {3}curl /gm)).toHaveLength(6);
  expect(requestsText({ baseUrl, ...ids, patientId: undefined }).match(/^ {3}curl /gm)).toHaveLength(4);
  expect(requestsText({ baseUrl, ...ids, patientId: 'p1' }).match(/Bearer \$KEY"/g)).toHaveLength(6);
});

test('npm start says that it does not call athenahealth if a variable of athenahealth is set', () => {
  const env = { ATHENAHEALTH_CLIENT_ID: 'id', ATHENAHEALTH_CLIENT_SECRET: 'secret', ATHENAHEALTH_FHIR_ENDPOINT: '' };
  const text = ignoredVariablesText(env);
  expect(text).toContain('It does not use ATHENAHEALTH_CLIENT_ID, ATHENAHEALTH_CLIENT_SECRET.');
  expect(text).toContain('docs/how-to/connect-athenahealth.md');
  expect(text).not.toContain('secret.');
});

test('npm start says nothing about athenahealth if no variable of athenahealth is set', () => {
  expect(ignoredVariablesText({ ATHENAHEALTH_DEFAULT_SCHEDULE: '{}' })).toBeUndefined();
});
