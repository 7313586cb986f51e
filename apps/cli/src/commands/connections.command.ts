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

/** A practice's credentials at the EHR. */
export function addConnections(program: Command, environment: Environment): void {
  const connections = program.command('connections').description('credentials at the EHR');
  const add = <Options>(definition: Parameters<typeof addCommand<Options>>[1]['definition']) =>
    addCommand<Options>(connections, { definition, environment });

  add({
    usage: 'list',
    description: 'every connection',
    async run({ api, output }) {
      const { data } = answerOf(await api.GET('/api/ehr/connections'));
      output.print(data, () =>
        toTable(data, {
          id: ({ id }) => id,
          provider: (one) => one.provider,
          practice: ({ practiceId }) => practiceId,
          method: ({ auth }) => auth.method,
          tested: ({ lastTest }) => (lastTest ? (lastTest.ok ? 'ok' : 'failed') : 'never'),
        }),
      );
    },
  });

  add<CreateOptions>({
    usage: 'create',
    description: 'add one; the secret, where there is one, comes from BULKHEAD_CLIENT_SECRET',
    options: (command) =>
      command
        .option('--practice <id>', 'id of the practice')
        .option('--environment <name>', 'production, sandbox, preview')
        .option('--method <method>', 'client_credentials, private_key_jwt or none', 'client_credentials')
        .option('--client-id <id>', "left out: the deployment's")
        .option('--scope <scope>', "left out: the provider's"),
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
    description: 'discovery, token, a real read: which step fails, and what to do',
    async run({ api, output }, [id = '']) {
      const { data } = answerOf(await api.POST('/api/ehr/connections/{id}/test', { params: { path: { id } } }));
      if (!('steps' in data)) {
        output.print(data, () => 'The test goes on. Look at the connection in a minute.');
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
      if (!data.ok) throw new CliError({ message: 'The connection does not work.', exitCode: exitCodes.failed });
    },
  });

  add({
    usage: 'show <id>',
    description: 'one connection',
    async run({ api, output }, [id = '']) {
      const { data } = answerOf(await api.GET('/api/ehr/connections/{id}', { params: { path: { id } } }));
      output.print(data, () => toFields(data));
    },
  });

  add({
    usage: 'data <id>',
    description: 'how much is stored of one, also of one that was deleted and left its data',
    async run({ api, output }, [id = '']) {
      const { data } = answerOf(await api.GET('/api/ehr/connections/{id}/data', { params: { path: { id } } }));
      output.print(data, () => toAmountsText(data));
    },
  });

  add<{ readonly data: 'keep' | 'purge'; readonly yes?: boolean }>({
    usage: 'delete <id>',
    description: 'remove one, with its schedules; what it stored stays, or is purged too',
    options: (command) =>
      command
        .addOption(
          new Option('--data <what>', 'what becomes of what it stored').choices(['keep', 'purge']).default('keep'),
        )
        .option('--yes', 'purge: without it nothing is deleted'),
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
