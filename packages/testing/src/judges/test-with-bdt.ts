import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startScriptedServer } from '@bulkhead/embedded/scripted-server';
import { expect, test } from '@jest/globals';
import { type BdtOptions, bdtFolder, runBdt } from './run-bdt.ts';

interface StartedServer extends Omit<BdtOptions, 'workFolder' | 'privateKey' | 'jwksUrl'>, AsyncDisposable {}

/**
 * SMART App Launch 2.2, "Backend Services": "the authentication server SHALL check that the `jti` value has not been previously
 * encountered for the given `iss` within the maximum allowed authentication JWT lifetime (e.g., 5 minutes). This check prevents replay
 * attacks." Each of these tests sends one assertion several times and expects an answer about its scopes.
 */
const repeatedAssertion = 'sends an assertion again, which a server shall refuse as a replay';

/** Tests that every server here fails on purpose, by their path, with the reason. */
const disputedByAll = { '0.3.15': repeatedAssertion, '0.3.16': repeatedAssertion, '0.3.25': repeatedAssertion };

const ofVersion1 = 'is for servers of version 1.0 only, and the server declares 2.0.0';

/** Tests that the suite leaves out, by their path, with the reason. */
const notRun: Readonly<Record<string, string>> = {
  '2.0.1.22': ofVersion1,
  '2.1.1.22': ofVersion1,
  '2.2.1.22': ofVersion1,
  '4.3': 'needs a parameter that the server does not support, and the server supports all that it tries',
};

/** Declares a test that a server passes bdt. */
export function testWithBdt(options: {
  /** Such as "the API". */
  readonly name: string;
  /** More tests that this server fails on purpose, by their path, with the reason. */
  readonly disputed?: Readonly<Record<string, string>>;
  /** @param jwksUrl where the public key of the suite is */
  readonly start: (jwksUrl: string) => Promise<StartedServer>;
}): void {
  const { name, disputed = {}, start } = options;
  const title = `${name} passes a published test suite for bulk data servers`;
  if (!existsSync(bdtFolder)) {
    test.skip(`${title}: skipped, because ../shared/judges/bdt is missing`, () => undefined);
    return;
  }
  test(`${title}, apart from tests that contradict the specification`, async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const keys = JSON.stringify({ keys: [toJwk(publicKey, 'verify')] });
    const jwks = await startScriptedServer({ '*': { body: keys } });
    try {
      const jwksUrl = `${jwks.url}/jwks.json`;
      await using server = await start(jwksUrl);
      await using folder = await mkdtempDisposable(join(tmpdir(), 'bulkhead-bdt-'));
      const { fhirEndpoint, groupId, tokenEndpoint, clientId } = server;
      const results = await runBdt({
        workFolder: folder.path,
        fhirEndpoint,
        groupId,
        tokenEndpoint,
        clientId,
        jwksUrl,
        privateKey: toJwk(privateKey, 'sign'),
      });
      const other = results.filter(({ status }) => status !== 'succeeded');
      const paths = (isFailed: boolean) =>
        other.filter(({ status }) => (status === 'failed') === isFailed).map(({ path }) => path);
      expect({ failed: paths(true), notRun: paths(false) }).toEqual({
        failed: Object.keys({ ...disputedByAll, ...disputed }),
        notRun: Object.keys(notRun).filter((path) => !(path in disputed)),
      });
      expect(results).toHaveLength(165);
    } finally {
      await jwks.stop();
    }
  }, 300_000);
}

function toJwk(key: KeyObject, use: 'sign' | 'verify') {
  return { ...key.export({ format: 'jwk' }), kid: 'bdt', alg: 'ES384', key_ops: [use] };
}
