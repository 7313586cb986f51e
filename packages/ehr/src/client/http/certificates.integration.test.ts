import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { makeSelfSigned } from '@bulkhead/testing';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { resourceRequest, startEhr, type TestEhr } from '../testing/start-ehr.ts';

let ehr: TestEhr;
let server: Server;
let url: string;
/** The number of requests that the server received. */
let received: number;
const certificate = makeSelfSigned();

beforeEach(async () => {
  ehr = await startEhr();
  received = 0;
  server = createServer(certificate, (_request, response) => {
    received += 1;
    response.writeHead(200, { 'content-type': 'application/fhir+json' }).end('{"resourceType":"Patient","id":"1"}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/Patient/1`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await ehr.stop();
});

const read = () => ehr.session.send(resourceRequest(url, { priority: 'interactive', sendToken: false }));

test('an EHR whose certificate is not trusted receives no request', async () => {
  await expect(read()).rejects.toMatchObject({
    code: 'ehr-unreachable',
    message: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    context: { reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
  });
  expect(received).toBe(0);

  const trusted = getCACertificates('default');
  setDefaultCACertificates([...trusted, certificate.cert]);
  try {
    expect(await read()).toMatchObject({ status: 200 });
  } finally {
    setDefaultCACertificates(trusted);
  }
});
