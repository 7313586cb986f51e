import { expect, test } from '@jest/globals';
import { accessText, requestsText } from './setup-text.ts';

const baseUrl = 'http://127.0.0.1:3000';
const access = { baseUrl, simulatorUrl: 'http://127.0.0.1:8080', apiKeyPrefix: 'bh_abcde' };
const requests = { baseUrl, connectionId: 'conn_1', exportId: 'job_1' };

test('at the first start the key is shown, and the requests can be copied as they are', () => {
  const apiKey = 'bh_abcdefgh';
  expect(accessText({ ...access, apiKey })).toContain(`API key      ${apiKey}  (shown once`);
  expect(requestsText({ ...requests, apiKey }).match(/Bearer bh_abcdefgh"/g)).toHaveLength(4);
});

test('later it is told how to go on without it', () => {
  expect(accessText({ ...access, apiKey: undefined })).toMatch(/\(bh_abcde\.\.\.\), below as \$KEY; .*--new-key/);
  expect(requestsText({ ...requests, apiKey: undefined }).match(/Bearer \$KEY"/g)).toHaveLength(4);
});
