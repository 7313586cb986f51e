import { answerOf } from '@bulkhead/client';
import { type Command, Option } from 'commander';
import { addCommand } from '../add-command.ts';
import type { Environment } from '../context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { toFields, toTable } from '../output.ts';
import { confirm, toAmountsText } from './erasures.command.ts';

interface CreateOptions {
  readonly practice?: string;
  readonly environment?: string;
  readonly method: string;
  readonly clientId?: string;
  readonly scope?: string;
}

/** The credentials of practices at the EHR. */
export function addConnections(program: Command, environment: Environment): void {
  const connections = program.command('connections').description('the credentials of practices at the EHR');
  const add = <Options>(definition: Parameters<typeof addCommand<Options>>[1]['definition']) =>
    addCommand<Options>(connections, { definition, environment });

  add({
    usage: 'list',
    description: 'list all connections',
    async run({ api, output }) {
      const { data } = answerOf(await api.GET('/api/ehr/connections'));
      output.print(data, () =>
        toTable(data, {
          id: ({ id }) => id,
          provider: ({ provider }) => provider,
          practice: ({ practiceId }) => practiceId,
          method: ({ auth }) => auth.method,
          tested: ({ lastTest }) => (lastTest ? (lastTest.ok ? 'ok' : 'failed') : 'never'),
        }),
      );
    },
  });

  add<CreateOptions>({
    usage: 'create',
    description: 'create a connection; the client secret, if it has one, is read from BULKHEAD_CLIENT_SECRET',
    options: (command) =>
      command
        .option('--practice <id>', 'id of the practice')
        .option('--environment <name>', 'production, sandbox or preview')
        .option('--method <method>', 'client_credentials, private_key_jwt or none', 'client_credentials')
        .option('--client-id <id>', "client id (default: the deployment's)")
        .option('--scope <scope>', "scopes (default: the provider's)"),
    async run({ api, provider, output }, _args, options) {
      const { practice: practiceId, environment: name, method, clientId, scope } = options;
      const secret = environment.env.BULKHEAD_CLIENT_SECRET;
      const auth = {
        method,
        ...(clientId === undefined ? {} : { clientId }),
        ...(scope === undefined ? {} : { scope }),
        ...(secret === undefined || method !== 'client_credentials' ? {} : { clientSecret: secret }),
      } as { method: 'client_credentials' };
      const body = {
        provider,
        auth,
        ...(practiceId === undefined ? {} : { practiceId }),
        ...(name === undefined ? {} : { environment: name }),
      };
      const { data } = answerOf(await api.POST('/api/ehr/connections', { body }));
      output.print(data, () => data.id);
    },
  });

  add({
    usage: 'test <id>',
    description: 'test discovery, the token and a read, and show which step fails and what to do',
    async run({ api, output }, [id = '']) {
      const { data } = answerOf(await api.POST('/api/ehr/connections/{id}/test', { params: { path: { id } } }));
      if (!('steps' in data)) {
        output.print(data, () => `The test is still running. In a minute, run bulkhead connections show ${id}.`);
        return;
      }
      output.print(data, () =>
        toTable(data.steps, {
          step: ({ step }) => step,
          result: ({ ok }) => (ok ? 'ok' : 'failed'),
          ms: ({ durationMs }) => durationMs,
          'what to do': ({ whatToDo, message, tried }) => whatToDo ?? message ?? tried ?? '',
        }),
      );
      if (!data.ok) throw new CliError({ message: 'The connection test failed.', exitCode: exitCodes.failed });
    },
  });

  add({
    usage: 'show <id>',
    description: 'show a connection',
    async run({ api, output }, [id = '']) {
      const { data } = answerOf(await api.GET('/api/ehr/connections/{id}', { params: { path: { id } } }));
      output.print(data, () => toFields(data));
    },
  });

  add({
    usage: 'data <id>',
    description: 'count the stored data of a connection, even if the connection was deleted without its data',
    async run({ api, output }, [id = '']) {
      const { data } = answerOf(await api.GET('/api/ehr/connections/{id}/data', { params: { path: { id } } }));
      output.print(data, () => toAmountsText(data));
    },
  });

  add<{ readonly data: 'keep' | 'purge'; readonly yes?: boolean }>({
    usage: 'delete <id>',
    description: 'delete a connection and its schedules, and keep or purge its data',
    options: (command) =>
      command
        .addOption(
          new Option('--data <what>', 'keep or purge its stored data').choices(['keep', 'purge']).default('keep'),
        )
        .option('--yes', 'confirm the purge; without it nothing is deleted'),
    async run(context, [id = ''], { data: what, yes = false }) {
      const { api, output } = context;
      const path = { id };
      if (what === 'keep') {
        answerOf(await api.DELETE('/api/ehr/connections/{id}', { params: { path } }));
        return;
      }
      const { data: amounts } = answerOf(await api.GET('/api/ehr/connections/{id}/data', { params: { path } }));
      confirm({ context, amounts, yes, what: `connection ${id}` });
      const answer = await api.DELETE('/api/ehr/connections/{id}', { params: { path, query: { data: 'purge' } } });
      const { data } = answerOf(answer) as { data: { readonly id: string } };
      output.print(data, () => data.id);
    },
  });
}
