import { readFileSync } from 'node:fs';
import { answerOf, type components } from '@bulkhead/client';
import { type CommandGroup, command, emptyList, given } from '../command.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { CliError } from '../exit-codes.ts';
import { option, pages, yes } from '../option.ts';
import { type Columns, toSummary, toTable } from '../output/output.ts';
import { parsePrivateKey } from '../read-json-file.ts';
import { testConnection } from '../test-connection.ts';
import { applyConnections, exportConnectionsCommand } from './apply-connections.command.ts';
import { toAmountsText } from './erasures.command.ts';

type Connection = components['schemas']['Connection'];

const id = 'the id of the connection';
const practice = option.text('<id>', 'id of the practice');
const group = option.text('<id>', 'id of the Group that a Group export exports (default: from the practice)');
const environment = option.text('<name>', 'production, sandbox or preview');

/** Options of `create` and `test-draft`: what the connection is for. */
const place = {
  practice,
  group,
  user: option.text('<id>', 'id of the user on whose behalf the connection acts'),
  environment,
  fhirEndpoint: option.text('<url>', 'FHIR endpoint (default: that of the environment)'),
};

/** Options of `create`, `credentials` and `test-draft`. The client secret is never an argument, which other users of the machine can see. */
const credentials = {
  method: option.withDefault(
    option.choice('<method>', {
      of: ['client_credentials', 'private_key_jwt', 'authorization_code', 'none'],
      description: 'how this deployment proves its identity',
    }),
    'client_credentials',
  ),
  clientId: option.text('<id>', "client id (default: the deployment's)"),
  scopes: option.choice('<version>', {
    of: ['v1', 'v2'],
    description:
      'request one scope for each type, as the application is registered: system/Patient.read or system/Patient.rs',
  }),
  scopeTypes: option.list(
    '<types>',
    'comma-separated types of --scopes (default: every type of records that the EHR declares)',
  ),
  scope: option.text('<scope>', "scopes, written out, instead of --scopes (default: the provider's)"),
  tokenEndpoint: option.text('<url>', 'token endpoint (default: the one that the EHR names)'),
  secretBy: option.choice('<way>', { of: ['basic', 'post'], description: 'how the client secret is sent' }),
  alg: option.choice('<alg>', { of: ['RS384', 'ES384'], description: 'algorithm of the signed assertion' }),
  privateKey: option.text(
    '<file>',
    "a file with the connection's own private key (default: the deployment's signing keys)",
  ),
  kid: option.text('<id>', 'id of that key'),
  audience: option.text('<text>', 'aud of the signed assertion (default: the token endpoint)'),
};

/** The credentials of practices at the EHR. */
const yesOrNo = (value: boolean | undefined) => (value === undefined ? 'unknown' : value ? 'yes' : 'no');

/** "unknown" is not a no: the EHR decides when it is asked. */
const typeColumns: Columns<components['schemas']['TypeRow']> = {
  type: 'resourceType',
  declared: ({ declared }) => yesOrNo(declared),
  exported: ({ exported }) => exported?.replace('-', ' ') ?? 'unknown',
  searched: ({ searched }) => searched?.replace('-', ' ') ?? 'unknown',
  'covered by the token': ({ covered }) => yesOrNo(covered),
  'stored here': ({ stored }) => yesOrNo(stored),
  note: 'note',
};

export const connections: CommandGroup = {
  name: 'connections',
  alias: 'connection',
  summary: 'the credentials of practices at the EHR',
  commands: [
    command({
      name: 'list',
      summary: 'list connections with their problems, the worst first',
      options: {
        search: option.text('<text>', 'only those whose name, id, practice, group or FHIR endpoint contains this'),
        status: option.choice('<status>', {
          of: ['critical', 'warning', 'ok', 'unchecked'],
          description: 'only those in this status',
        }),
        problem: option.text('<key>', 'only those with this problem of "bulkhead doctor"'),
        behind: option.flag('only those that are more than 36 hours behind, as --problem lag'),
        ...pages('connections', 100),
      },
      examples: ['connections list', 'connections list --behind', 'connections list --search 195900 --status critical'],
      async run({ api, output }, { behind, problem = behind ? 'lag' : undefined, limit, cursor, ...filters }) {
        const query = given({ ...filters, problem, sort: 'worst' as const, limit, cursor });
        output.printList(await api.GET('/api/ehr/connections', { params: { query } }), {
          columns: {
            id: 'id',
            name: 'name',
            provider: 'provider',
            practice: 'practiceId',
            status: 'status',
            behind: ({ lagSeconds }) => (lagSeconds === undefined ? undefined : `${Math.round(lagSeconds / 3600)} h`),
            'last export': ({ lastExport }) => lastExport && `${lastExport.status} ${lastExport.endedAt ?? ''}`.trim(),
            'next run': 'nextRunAt',
            problem: ({ problems }) => problems.map(({ title }) => title).join(', '),
          },
          empty: emptyList({
            names: 'connections',
            filters: { ...filters, problem },
            none: 'No connections. Create one with: BULKHEAD_CLIENT_SECRET=… bulkhead connections create --practice ID --client-id ID --scopes v2',
          }),
        });
      },
    }),
    command({
      name: 'create',
      summary: 'create a connection; the client secret, if it has one, is read from BULKHEAD_CLIENT_SECRET',
      options: {
        name: option.text(
          '<name>',
          'unique name (default: from the provider, the environment and the practice or group)',
        ),
        ...place,
        schedule: option.unless("do not create the provider's default schedule"),
        force: option.flag('create it even if there is one for the same environment and practice or group'),
        ...credentials,
      },
      examples: [
        'connections create --practice 195900 --client-id my-client --scopes v2 --environment production',
        'connections create --method none --fhir-endpoint https://fhir.example/r4 --group group_1',
      ],
      async run({ api, vendor, env, output }, options) {
        const body = given({
          provider: vendor,
          name: options.name,
          force: options.force,
          ...toPlace(options),
          schedule: options.schedule ? undefined : false,
          auth: toAuth(options, env),
        });
        output.printAnswer(await api.POST('/api/ehr/connections', { body }), 'id');
      },
    }),
    applyConnections,
    exportConnectionsCommand,
    command({
      name: 'test',
      summary: 'test discovery, the token and a read, and show which step fails and what to do',
      args: { id },
      examples: ['connections test conn_1'],
      async run({ api, output }, { id: connectionId }) {
        const test = await testConnection(api, connectionId, (text) => output.printProgress(text));
        if (test) return printTest(output, test);
        throw new CliError(
          'failed',
          `The test has not ended. Is a worker running? Later, run bulkhead connections show ${connectionId}.`,
        );
      },
    }),
    command({
      name: 'test-draft',
      summary: 'test a connection before you create it; the client secret is read from BULKHEAD_CLIENT_SECRET',
      options: { ...place, ...credentials },
      examples: ['connections test-draft --practice 195900 --client-id my-client --scopes v2 --environment production'],
      async run({ api, vendor, env, output }, options) {
        const body = given({ provider: vendor, ...toPlace(options), auth: toAuth(options, env) });
        printTest(output, answerOf(await api.POST('/api/ehr/connections/test', { body })).data);
      },
    }),
    command({
      name: 'show',
      summary: 'show a connection',
      args: { id },
      examples: ['connections show conn_1'],
      async run({ api, output }, path) {
        output.printAnswer(await api.GET('/api/ehr/connections/{id}', { params: { path } }), summarize);
      },
    }),
    command({
      name: 'capabilities',
      summary: 'show what the EHR of a connection offers, with a row for each type',
      args: { id },
      examples: ['connections capabilities conn_1'],
      async run({ api, provider, output }, { id: connectionId }) {
        const params = { path: { provider }, query: { connectionId } };
        output.printAnswer(await api.GET('/api/ehr/{provider}/capabilities', { params }), ({ types, ...fields }) =>
          [toSummary({ headline: connectionId, fields }), toTable(types, typeColumns)].join('\n\n'),
        );
      },
    }),
    command({
      name: 'credentials',
      summary:
        'replace the credentials; the client secret is read from BULKHEAD_CLIENT_SECRET, and without it the stored one stays',
      args: { id },
      options: credentials,
      examples: ['connections credentials conn_1 --client-id my-client --scopes v2'],
      async run({ api, env, output }, { id: connectionId, ...options }) {
        const init = { params: { path: { id: connectionId } }, body: { auth: toAuth(options, env) } };
        const text = `Replaced. Test them with: bulkhead connections test ${connectionId}`;
        output.printAnswer(await api.PUT('/api/ehr/connections/{id}/credentials', init), () => text);
      },
    }),
    command({
      name: 'origins',
      summary: 'replace the origins, besides that of the FHIR endpoint, that get the access token',
      args: { id },
      options: {
        allow: option.list(
          '<origins>',
          'comma-separated further origins of the EHR, such as https://files.example.org',
        ),
        alias: option.list('<origins>', 'comma-separated origins by which the EHR calls its own FHIR endpoint'),
      },
      examples: [
        'connections origins conn_1 --allow https://files.example.org',
        'connections origins conn_1 --alias http://fhir.internal:8080',
      ],
      async run({ api, output }, { id: connectionId, allow: origins = [], alias: aliases = [] }) {
        const init = { params: { path: { id: connectionId } }, body: { origins, aliases } };
        const text = 'Replaced. Retry what has failed.';
        output.printAnswer(await api.PUT('/api/ehr/connections/{id}/origins', init), () => text);
      },
    }),
    command({
      name: 'authorize',
      summary: 'print a URL that a user of the EHR opens once in a browser to authorize a connection',
      options: {
        connection: option.text('<id>', 'the connection (default: a new one)'),
        practice,
        group,
        environment,
        clientId: option.text('<id>', "client id (default: the deployment's)"),
        scope: option.text('<scope>', "scopes (default: the provider's)"),
      },
      examples: ['connections authorize --connection conn_1', 'connections authorize --practice 195900'],
      async run({ api, vendor, env, output }, options) {
        const { connection: connectionId, practice: practiceId, group: groupId, ...others } = options;
        const clientSecret = env.BULKHEAD_CLIENT_SECRET || undefined;
        const body = given({ connectionId, practiceId, groupId, ...others, clientSecret });
        const params = { path: { provider: vendor } };
        const { data } = answerOf(await api.POST('/api/ehr/{provider}/authorize', { params, body }));
        output.print(data, () => data.startUrl);
        output.printProgress(`The URL can be opened once, until ${data.expiresAt}.`);
      },
    }),
    command({
      name: 'data',
      summary: 'count the stored data of a connection, even if the connection was deleted without its data',
      args: { id },
      examples: ['connections data conn_1'],
      async run({ api, output }, path) {
        output.printAnswer(await api.GET('/api/ehr/connections/{id}/data', { params: { path } }), toAmountsText);
      },
    }),
    command({
      name: 'delete',
      summary: 'delete a connection and its schedules, and keep or purge its data',
      args: { id },
      options: {
        data: option.withDefault(
          option.choice('<what>', { of: ['keep', 'purge'], description: 'what happens to its stored data' }),
          'keep',
        ),
        yes,
      },
      examples: ['connections delete conn_1 --yes', 'connections delete conn_1 --data purge --yes'],
      async run(context, { id: connectionId, data: what, yes: isConfirmed }) {
        const { api, output } = context;
        const path = { id: connectionId };
        if (what === 'keep') {
          const consequence = `delete the connection ${connectionId} and its schedules, and keep its data`;
          await confirm(context, { yes: isConfirmed, what: consequence, done: 'deleted' });
          answerOf(await api.DELETE('/api/ehr/connections/{id}', { params: { path } }));
          return;
        }
        if (!isConfirmed) {
          output.printAnswer(await api.GET('/api/ehr/connections/{id}/data', { params: { path } }), toAmountsText);
        }
        await confirm(context, {
          yes: isConfirmed,
          what: `permanently delete all of this data of connection ${connectionId}`,
          done: 'deleted',
          phrase: connectionId,
        });
        const answer = await api.DELETE('/api/ehr/connections/{id}', { params: { path, query: { data: 'purge' } } });
        const { data } = answerOf(answer) as { data: { readonly id: string } };
        output.print(data, () => data.id);
      },
    }),
  ],
};

type OptionsOf<Options extends Readonly<Record<string, { readonly value?: unknown }>>> = {
  readonly [Name in keyof Options]: Options[Name] extends { readonly value?: infer Value } ? Value : never;
};

function toPlace({
  practice: practiceId,
  group: groupId,
  user,
  environment: name,
  fhirEndpoint,
}: OptionsOf<typeof place>) {
  return { environment: name, fhirEndpoint, practiceId, groupId, userId: user };
}

/** Prints the steps of a test. @throws CliError if a step has failed */
function printTest(output: Context['output'], test: components['schemas']['ConnectionTest']): void {
  output.print(test, () =>
    toTable(test.steps, {
      step: 'step',
      result: ({ ok }) => (ok ? 'ok' : 'failed'),
      ms: 'durationMs',
      'what to do': ({ whatToDo, message, tried }) => whatToDo ?? message ?? tried ?? '',
    }),
  );
  if (!test.ok) throw new CliError('failed', 'The connection test failed.');
}

/** The API refuses what does not belong to the method. */
function toAuth(options: OptionsOf<typeof credentials>, env: NodeJS.ProcessEnv) {
  const { method, clientId, scopeTypes, scope, tokenEndpoint, secretBy, alg, kid, audience } = options;
  const hasSecret = method === 'client_credentials' || method === 'authorization_code';
  return given({
    ...{ method, clientId, scopeTypes, scope, tokenEndpoint, secretBy, alg, kid, audience },
    scopeVersion: options.scopes,
    privateKey: readPrivateKey(options.privateKey),
    clientSecret: hasSecret ? env.BULKHEAD_CLIENT_SECRET || undefined : undefined,
  }) as { method: 'none' };
}

/** Reads a private key from a file, because other users of the machine can see arguments. */
function readPrivateKey(file: string | undefined): string | Record<string, unknown> | undefined {
  return file === undefined ? undefined : parsePrivateKey({ file, text: readFileSync(file, 'utf8') });
}

function toTestText(test: Connection['lastTest']): string {
  if (test === undefined) return 'never';
  return test.ok ? 'ok' : 'failed';
}

/** Which of the scopes that were requested the EHR grants. */
function scopesOf({ scopeSearch }: Connection): string[] {
  const { requested = [], granted = [], refused = [] } = scopeSearch ?? {};
  const resultOf = (scope: string) =>
    granted.includes(scope) ? 'granted' : refused.includes(scope) ? 'refused' : 'not tried';
  return requested.map((scope) => `${scope}: ${resultOf(scope)}`);
}

function summarize(connection: Connection): string {
  const { id: connectionId, auth, lastTest, needsAuthorization } = connection;
  const failed = lastTest?.steps.filter(({ ok }) => !ok) ?? [];
  return toSummary({
    headline: `${connectionId}  ${connection.name}  ${needsAuthorization ? 'needs authorization' : `test ${toTestText(lastTest)}`}`,
    fields: {
      provider: `${connection.provider} ${connection.environment}`,
      practice: connection.practiceId,
      group: connection.groupId,
      user: connection.userId,
      'FHIR endpoint': connection.fhirEndpoint,
      origins: connection.origins?.join(', ') || undefined,
      aliases: connection.aliases?.join(', ') || undefined,
      webhook: connection.webhookUrl,
      ...auth,
      created: connection.createdAt,
      tested: lastTest?.endedAt,
    },
    lists: {
      Warnings: connection.warnings ?? [],
      Scopes: scopesOf(connection),
      'Failed steps': failed.map(({ step, code, message, whatToDo }) => `${step}: ${whatToDo ?? message ?? code}`),
    },
    next: [
      needsAuthorization ? `connections authorize --connection ${connectionId}` : `connections test ${connectionId}`,
      `export list --connection ${connectionId}`,
    ],
  });
}
