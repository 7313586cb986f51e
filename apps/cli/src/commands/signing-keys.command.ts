import { readFileSync } from 'node:fs';
import { answerOf } from '@bulkhead/client';
import { type CommandGroup, choice, command, given, text, yes } from '../command.ts';
import { confirm } from '../confirm.ts';
import { toFields } from '../output/output.ts';
import { parseJsonFile } from '../read-json-file.ts';

const kid = 'the id of the key';

/** The keys that sign the assertions of this deployment. */
export const signingKeys: CommandGroup = {
  name: 'signing-keys',
  alias: 'signing-key',
  summary: 'keys with which this deployment proves its identity to EHRs',
  commands: [
    command({
      name: 'list',
      summary: 'list all signing keys, including retired ones',
      examples: ['signing-keys list'],
      async run({ api, output }) {
        output.printList(await api.GET('/api/ehr/signing-keys'), {
          columns: { id: 'kid', algorithm: 'alg', state: 'state', created: 'createdAt', retired: 'retiredAt' },
          empty: 'No signing keys. Create one with: bulkhead signing-keys create',
        });
      },
    }),
    command({
      name: 'show',
      summary: 'show the algorithm and the state of a signing key',
      args: { kid },
      examples: ['signing-keys show kid_1'],
      async run({ api, output }, path) {
        output.printAnswer(await api.GET('/api/ehr/signing-keys/{kid}', { params: { path } }), toFields);
      },
    }),
    command({
      name: 'create',
      summary: 'create a signing key, or import one; it signs after an hour',
      options: {
        alg: choice('<alg>', { of: ['RS384', 'ES384'], description: 'the algorithm' }),
        privateKey: text('<file>', 'a file with a private key to import, as PEM or as a JSON Web Key'),
        kid: text('<id>', 'the id of the key (default: its thumbprint)'),
      },
      examples: ['signing-keys create --alg ES384'],
      async run({ api, output }, { alg, privateKey, kid: keyId }) {
        const body = given({ alg, privateKey: readPrivateKey(privateKey), kid: keyId });
        output.printAnswer(await api.POST('/api/ehr/signing-keys', { body }), 'kid');
      },
    }),
    command({
      name: 'activate',
      summary: 'let a key sign from now on',
      args: { kid },
      examples: ['signing-keys activate kid_1'],
      async run({ api, output }, path) {
        output.printAnswer(await api.POST('/api/ehr/signing-keys/{kid}/activate', { params: { path } }), 'state');
      },
    }),
    command({
      name: 'retire',
      summary: 'stop signing with a key, which cannot sign again',
      args: { kid },
      options: { yes },
      examples: ['signing-keys retire kid_1 --yes'],
      async run(context, { kid: keyId, yes: isConfirmed }) {
        await confirm(context, { yes: isConfirmed, what: `retire the signing key ${keyId} for good`, done: 'retired' });
        const params = { path: { kid: keyId } };
        context.output.printAnswer(await context.api.POST('/api/ehr/signing-keys/{kid}/retire', { params }), 'state');
      },
    }),
    command({
      name: 'delete',
      summary: 'delete a key that was retired at least ten minutes ago',
      args: { kid },
      options: { yes },
      examples: ['signing-keys delete kid_1 --yes'],
      async run(context, { kid: keyId, yes: isConfirmed }) {
        await confirm(context, { yes: isConfirmed, what: `delete the signing key ${keyId}`, done: 'deleted' });
        answerOf(await context.api.DELETE('/api/ehr/signing-keys/{kid}', { params: { path: { kid: keyId } } }));
      },
    }),
    command({
      name: 'jwks',
      summary: 'print the public keys as JSON, to be registered at an EHR',
      examples: ['signing-keys jwks'],
      async run({ api, output }) {
        const data = answerOf(await api.GET('/.well-known/jwks.json'));
        output.print(data, () => JSON.stringify(data, null, 2));
      },
    }),
  ],
};

/**
 * Reads a private key from a file, because other users of the machine can see arguments.
 * @throws CliError if the file begins as JSON and is not JSON
 */
export function readPrivateKey(file: string | undefined): string | Record<string, unknown> | undefined {
  if (file === undefined) return undefined;
  const key = readFileSync(file, 'utf8').trim();
  return key.startsWith('{') ? (parseJsonFile({ file, text: key }) as Record<string, unknown>) : key;
}
