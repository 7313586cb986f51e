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

/** Who did what, for operators. */
export function addAudit(program: Command, environment: Environment): void {
  const audit = program.command('audit').description('who did what');
  addCommand<ListOptions>(audit, {
    environment,
    definition: {
      usage: 'list',
      description: 'events, newest first',
      options: (command) =>
        command
          .option('--patient <id>', 'what has shown this patient, or may have')
          .option('--connection <id>', 'of one connection')
          .option('--actor <id>', 'of one API key, `command:<user>` or `nobody`')
          .option('--action <action>', 'such as resource.read')
          .option('--from <instant>', 'such as 2026-01-31T00:00:00Z')
          .option('--to <instant>', 'not part of it')
          .option('--limit <n>', 'how many', wholeNumber, 100),
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
      description: 'whether events were changed, removed or added since they were written',
      options: (command) =>
        command
          .option('--expect-head <head>', 'the head that an earlier check printed: it must still be there')
          .option('--upgraded-at <instant>', 'when the last process of a version without the chain had stopped'),
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

/** The API reads some of the chain at a time, so that no request takes long. */
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
      output.say(`${checked} events`);
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
