import { answerOf, type components } from '@bulkhead/client';
import { type CommandGroup, command, given } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { CliError } from '../exit-codes.ts';
import { option, yes } from '../option.ts';
import { readJsonFile } from '../read-json-file.ts';

type Client = components['schemas']['BackendClient'];
type Jwks = NonNullable<Client['jwks']>;

/** The programs that read by SMART Backend Services. */
export const clients: CommandGroup = {
  name: 'clients',
  alias: 'client',
  summary: 'FHIR and Bulk Data clients, which read the stored record with tokens',
  commands: [
    command({
      name: 'list',
      summary: 'list all clients, including revoked ones',
      examples: ['clients list'],
      async run({ api, output }) {
        output.printList(await api.GET('/api/ehr/clients'), {
          columns: {
            id: 'id',
            name: 'name',
            scope: 'scope',
            connections: ({ connectionIds }) => connectionIds?.join(',') ?? 'all',
            keys: keysOf,
            secrets: ({ secrets }) => secrets?.map((secret) => secret.id).join(','),
            used: 'lastUsedAt',
            revoked: 'revokedAt',
          },
          empty: 'No clients. Register one with: bulkhead clients register --name NAME --jwks-url URL',
        });
      },
    }),
    command({
      name: 'register',
      summary: 'register a client with its public keys, and print its client id',
      options: {
        name: option.required(option.text('<name>', 'a name by which you recognise the client')),
        scope: option.withDefault(
          option.text('<scopes>', 'what the client may read at most: SMART scopes, separated by spaces'),
          'system/*.read',
        ),
        connections: option.list('<ids>', 'comma-separated connections that the client may read (default: all)'),
        jwks: option.text('<file>', 'a file with the public keys, as a JSON Web Key Set'),
        jwksUrl: option.text('<url>', 'where the client publishes its public keys, instead of --jwks'),
        usesSecret: option.flag('the client has no keys and can only send a secret: see "clients create-secret"'),
      },
      examples: [
        'clients register --name warehouse --jwks-url https://warehouse.example/jwks.json',
        'clients register --name research --scope "system/Patient.rs system/Observation.rs" --connections conn_1 --jwks jwks.json',
        'clients register --name etl --uses-secret',
      ],
      async run({ api, provider, output }, { connections: connectionIds, jwks: file, jwksUrl, usesSecret, ...others }) {
        if ([file, jwksUrl, usesSecret || undefined].filter((one) => one !== undefined).length !== 1) {
          throw new CliError(
            'usage',
            'Give the public keys of the client with --jwks FILE or with --jwks-url URL, or --uses-secret if it has none. Give only one of them.',
          );
        }
        const body = given({
          ...others,
          connectionIds,
          jwks: readJwks(file),
          jwksUrl,
          usesSecret: usesSecret ? true : undefined,
        });
        output.printAnswer(await api.POST('/api/ehr/clients', { body }), 'id');
        if (output.isWatched) output.printProgress(await describeUrls(api, { provider, connectionIds }));
      },
    }),
    command({
      name: 'create-secret',
      summary: 'create a secret for a client that cannot sign assertions, and print it',
      args: { id: 'the id of the client' },
      examples: ['clients create-secret client_1'],
      async run({ api, output }, { id }) {
        const params = { path: { id } };
        output.printAnswer(await api.POST('/api/ehr/clients/{id}/secrets', { params }), 'secret');
      },
    }),
    command({
      name: 'delete-secret',
      summary: 'delete a secret of a client immediately',
      args: { id: 'the id of the client', secret: 'the id of the secret: "clients list" shows it' },
      options: { yes },
      examples: ['clients delete-secret client_1 secret_1 --yes'],
      async run(context, { id, secret, yes: isConfirmed }) {
        await confirm(context, { yes: isConfirmed, what: `delete the secret ${secret} of ${id}`, done: 'deleted' });
        const params = { path: { id, secretId: secret } };
        const path = '/api/ehr/clients/{id}/secrets/{secretId}';
        context.output.printAnswer(await context.api.DELETE(path, { params }), () => '');
      },
    }),
    command({
      name: 'revoke',
      summary: 'revoke a client and its tokens immediately',
      args: { id: 'the id of the client' },
      options: { yes },
      examples: ['clients revoke client_1 --yes'],
      async run(context, { id, yes: isConfirmed }) {
        await confirm(context, { yes: isConfirmed, what: `revoke the client ${id}`, done: 'revoked' });
        const params = { path: { id } };
        context.output.printAnswer(await context.api.DELETE('/api/ehr/clients/{id}', { params }), () => '');
      },
    }),
  ],
};

/** The URLs that the client is configured with. Only the API knows its public URL, which can differ from `--url`. */
async function describeUrls(
  api: Context['api'],
  options: { readonly provider: string; readonly connectionIds: readonly string[] | undefined },
): Promise<string> {
  const { provider, connectionIds: [connectionId = 'CONNECTION_ID'] = [] } = options;
  const path = '/api/ehr/{provider}/fhir/{connectionId}/.well-known/smart-configuration';
  const { token_endpoint: tokenUrl } = answerOf(await api.GET(path, { params: { path: { provider, connectionId } } }));
  const baseUrl = `${tokenUrl.replace(/\/oauth\/token$/, '')}/${provider}/fhir/${connectionId}`;
  return `The client gets tokens at ${tokenUrl}. The FHIR base URL of a connection looks like ${baseUrl}.`;
}

function keysOf({ jwks, jwksUrl }: Client): string | undefined {
  if (jwks === undefined) return jwksUrl;
  return jwks.keys.length === 1 ? '1 key' : `${jwks.keys.length} keys`;
}

/** @throws CliError if the file is not a JSON Web Key Set. The API checks the keys */
function readJwks(file: string | undefined): Jwks | undefined {
  if (file === undefined) return undefined;
  const jwks = readJsonFile(file);
  if (typeof jwks === 'object' && jwks !== null && Array.isArray((jwks as Partial<Jwks>).keys)) return jwks as Jwks;
  throw new CliError(
    'usage',
    `${file} is not a JSON Web Key Set, which is an object with the list "keys". Put a single key into such a list.`,
  );
}
