import { existsSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startLocalServer } from '@bulkhead/testing';
import { bdtFolder, runBdt } from '@bulkhead/testing/run-bdt';
import { expect, test } from '@jest/globals';
import { exportJWK, generateKeyPair } from 'jose';
import { createEhrSimulator } from '../index.ts';

/**
 * SMART App Launch 2.2, "Backend Services": "the authentication server SHALL check that the `jti` value has not been previously
 * encountered for the given `iss` within the maximum allowed authentication JWT lifetime (e.g., 5 minutes). This check prevents replay
 * attacks." Each of these tests sends one assertion several times and expects an answer about its scopes.
 */
const repeatedAssertion = 'sends an assertion again, which a server shall refuse as a replay';

/** Tests that the simulator fails on purpose, by their path, with the reason. */
const disputed: Readonly<Record<string, string>> = {
  '0.3.15': repeatedAssertion,
  '0.3.16': repeatedAssertion,
  '0.3.25': repeatedAssertion,
};

const ofVersion1 = 'is for servers of version 1.0 only, and the simulator declares 2.0.0';

/** Tests that the suite leaves out, by their path, with the reason. */
const notRun: Readonly<Record<string, string>> = {
  '2.0.1.22': ofVersion1,
  '2.1.1.22': ofVersion1,
  '2.2.1.22': ofVersion1,
  '4.3': 'needs a parameter that the server does not support, and the simulator supports all that it tries',
};

const run = existsSync(bdtFolder) ? test : test.skip;

run(
  existsSync(bdtFolder)
    ? 'the simulator passes a published test suite for bulk data servers, apart from tests that contradict the specification'
    : 'the simulator passes a published test suite for bulk data servers: skipped, because ../shared/judges/bdt is missing',
  async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES384', { extractable: true });
    const key = { kid: 'bdt', alg: 'ES384' };
    const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), ...key, key_ops: ['verify'] }] });
    const jwks = await startLocalServer((_request, response) => void response.end(keys));
    const jwksUrl = `${jwks.url}/jwks.json`;
    const simulator = createEhrSimulator({
      patients: 20,
      exportSeconds: 0.5,
      jwksUrl,
      enforceScopes: true,
      relativeAttachmentUrls: false,
      // The suite sends some hundred requests for tokens.
      tokensPerMinute: 10_000,
    });
    await simulator.start();
    await using folder = await mkdtempDisposable(join(tmpdir(), 'bulkhead-bdt-'));
    try {
      const results = await runBdt({
        workFolder: folder.path,
        fhirEndpoint: simulator.fhirEndpoint,
        groupId: 'a-1.C-195900',
        tokenEndpoint: `${simulator.baseUrl}/oauth2/v1/token`,
        clientId: 'simulator-client',
        privateKey: { ...(await exportJWK(privateKey)), ...key, key_ops: ['sign'] },
        jwksUrl,
      });
      const other = results.filter(({ status }) => status !== 'succeeded');
      const paths = (isFailed: boolean) =>
        other.filter(({ status }) => (status === 'failed') === isFailed).map(({ path }) => path);
      expect({ failed: paths(true), notRun: paths(false) }).toEqual({
        failed: Object.keys(disputed),
        notRun: Object.keys(notRun),
      });
      expect(results).toHaveLength(165);
    } finally {
      await simulator.stop();
      await jwks.stop();
    }
  },
  300_000,
);
