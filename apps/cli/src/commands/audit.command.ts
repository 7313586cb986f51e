import { answerOf, type components } from '@bulkhead/client';
import type { Command } from 'commander';
import { addCommand, wholeNumber } from '../add-command.ts';
import type { Context, Environment } from '../context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { toFields, toTable } from '../output.ts';

type Check = components['schemas']['AuditCheck'];

interface ListOptions {
  readonly patient?: string;
  readonly connection?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
}

interface VerifyOptions {
  readonly expectHead?: string;
  readonly upgradedAt?: string;
}

/** The audit log, for operators. */
export function addAudit(program: Command, environment: Environment): void {
  const audit = program.command('audit').description('the audit log: who did what');
  addCommand<ListOptions>(audit, {
    environment,
    definition: {
      usage: 'list',
      description: 'list audit events, newest first',
      options: (command) =>
        command
          .option('--patient <id>', 'only requests that showed this patient, or may have')
          .option('--connection <id>', 'only events of this connection')
          .option('--actor <id>', 'only events of this API key, `command:<user>` or `nobody`')
          .option('--action <action>', 'only events of this action, such as resource.read')
          .option('--from <instant>', 'start of the period, such as 2026-01-31T00:00:00Z')
          .option('--to <instant>', 'end of the period, exclusive')
          .option('--limit <n>', 'maximum number of events', wholeNumber, 100),
      async run({ api, output }, _args, { connection: connectionId, ...options }) {
        const query = { ...options, ...(connectionId === undefined ? {} : { connectionId }) };
        const { data } = answerOf(await api.GET('/api/ehr/audit-events', { params: { query } }));
        output.print(data, () =>
          toTable(data, {
            at: ({ at }) => at,
            who: ({ actor }) => actor.name ?? actor.id,
            what: ({ action }) => action,
            outcome: ({ outcome, code }) => code ?? outcome,
            patients: ({ patients = [] }) => patients.join(','),
            'on what': ({ target }) => Object.values(target).join(' '),
          }),
        );
      },
    },
  });
  addCommand<VerifyOptions>(audit, {
    environment,
    definition: {
      usage: 'verify',
      description: 'verify that no event was changed, removed or added after it was written',
      options: (command) =>
        command
          .option('--expect-head <head>', 'the head that an earlier verification printed, which must still exist')
          .option('--upgraded-at <instant>', 'when the last process of a version without the chain stopped'),
      async run(context, _args, options) {
        const { fault, ...report } = await verify(context, options);
        context.output.print({ ...report, ...(fault ? { fault } : {}) }, () => toFields(report));
        if (fault) {
          const { sequence = fault.eventId, message } = fault;
          throw new CliError({ message: `Event ${sequence}: ${message}`, exitCode: exitCodes.failed });
        }
      },
    },
  });
}

/** The API verifies a part of the chain per request, so that no request takes long. */
async function verify({ api, output }: Context, { expectHead: expectedHead, upgradedAt }: VerifyOptions) {
  let checked = 0;
  let oldest: Check['oldest'];
  for (let after: string | undefined; ; ) {
    const query = {
      ...(after === undefined ? {} : { after }),
      ...(expectedHead === undefined ? {} : { expectedHead }),
      ...(upgradedAt === undefined ? {} : { upgradedAt }),
    };
    const { data } = answerOf(await api.GET('/api/ehr/audit-events/verification', { params: { query } }));
    checked += data.checked;
    oldest ??= data.oldest;
    const { fault, last, next } = data;
    if (next !== undefined) {
      output.printProgress(`${checked} events`);
      after = next;
      continue;
    }
    return {
      checked,
      ...(oldest ? { from: `${oldest.sequence}, written ${oldest.at}` } : {}),
      ...(last ? { head: `${last.sequence}:${last.hash}` } : {}),
      ...(fault ? { fault } : {}),
    };
  }
}
