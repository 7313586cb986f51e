import { answerOf, type components } from '@bulkhead/client';
import type { Command } from 'commander';
import { addCommand, wholeNumber } from '../add-command.ts';
import type { Context, Environment } from '../context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { toFields, toTable } from '../output.ts';

type Amounts = components['schemas']['DataAmounts'];
type Erasure = components['schemas']['Erasure'];

interface WhichPatient {
  readonly connection: string;
}

/** What is deleted on purpose, and what is deleted because of its age. */
export function addErasures(program: Command, environment: Environment): void {
  const erasures = program.command('erasures').description('deletions of connections and patients');
  const patients = program.command('patients').description('erase a patient');

  addCommand(erasures, {
    environment,
    definition: {
      usage: 'show <id>',
      description: 'how far one is, and what it deleted',
      async run({ api, output }, [id = '']) {
        const { data } = answerOf(await api.GET('/api/ehr/erasures/{id}', { params: { path: { id } } }));
        output.print(data, () => toText(data));
      },
    },
  });

  addCommand<{ readonly connection?: string; readonly limit: number }>(erasures, {
    environment,
    definition: {
      usage: 'list',
      description: 'newest first',
      options: (command) =>
        command
          .option('--connection <id>', 'of one connection')
          .option('--limit <number>', 'how many', wholeNumber, 100),
      async run({ api, output }, _args, { connection: connectionId, limit }) {
        const query = { limit, ...(connectionId === undefined ? {} : { connectionId }) };
        const { data } = answerOf(await api.GET('/api/ehr/erasures', { params: { query } }));
        output.print(data, () =>
          toTable(data, {
            id: ({ id }) => id,
            what: ({ kind }) => kind,
            connection: ({ connectionId: of }) => of,
            phase: ({ phase }) => phase,
            deleted: ({ deleted }) => total(deleted),
            by: ({ requestedBy }) => requestedBy,
            since: ({ createdAt }) => createdAt,
          }),
        );
      },
    },
  });

  addCommand<WhichPatient & { readonly dryRun?: boolean; readonly keepOut?: boolean; readonly yes?: boolean }>(
    patients,
    {
      environment,
      definition: {
        usage: 'erase <id>',
        description: 'delete everything that is stored of a patient',
        options: (command) =>
          command
            .requiredOption('--connection <id>', 'whose patient it is')
            .option('--dry-run', 'count, and delete nothing')
            .option('--keep-out', 'do not store the patient again')
            .option('--yes', 'delete: without it nothing is deleted'),
        async run(context, [patientId = ''], { connection: id, dryRun = false, keepOut = false, yes = false }) {
          const { api, output } = context;
          const path = { id, patientId };
          const { data: amounts } = answerOf(
            await api.GET('/api/ehr/connections/{id}/patients/{patientId}/data', { params: { path } }),
          );
          if (dryRun) {
            output.print(amounts, () => toAmountsText(amounts));
            return;
          }
          confirm({ context, amounts, yes, what: `patient ${patientId}` });
          const query = { keepOut: keepOut ? ('true' as const) : ('false' as const) };
          const { data } = answerOf(
            await api.DELETE('/api/ehr/connections/{id}/patients/{patientId}', { params: { path, query } }),
          );
          output.print(data, () => data.id);
        },
      },
    },
  );

  addCommand<WhichPatient>(patients, {
    environment,
    definition: {
      usage: 'let-in <id>',
      description: 'store an erased patient again, if the EHR sends them',
      options: (command) => command.requiredOption('--connection <id>', 'whose patient it is'),
      async run({ api }, [patientId = ''], { connection: id }) {
        const params = { path: { id, patientId } };
        answerOf(await api.DELETE('/api/ehr/connections/{id}/kept-out-patients/{patientId}', { params }));
      },
    },
  });

  addCommand(program, {
    environment,
    definition: {
      usage: 'retention',
      description: 'what was deleted because of its age, by kind of record',
      async run({ api, output }) {
        const { data } = answerOf(await api.GET('/api/ehr/retention'));
        output.print(data, () =>
          toTable(data, {
            kind: ({ kind }) => kind,
            'kept days': ({ keptDays }) => keptDays,
            deleted: ({ deleted }) => deleted,
            'last look': ({ startedAt }) => startedAt,
            ended: ({ endedAt }) => endedAt ?? 'under way',
          }),
        );
      },
    },
  });
}

/** Shows how much would be deleted. @throws CliError unless it was said beforehand that this is meant */
export function confirm(options: {
  readonly context: Pick<Context, 'output'>;
  readonly amounts: Amounts;
  readonly yes: boolean;
  readonly what: string;
}): void {
  const { context, amounts, yes, what } = options;
  if (yes) return;
  context.output.print(amounts, () => toAmountsText(amounts));
  throw new CliError({
    message: `Nothing was deleted. Add --yes to delete all of this of ${what} for good.`,
    exitCode: exitCodes.usage,
  });
}

export function toAmountsText({ resources, records, contentBytes }: Amounts): string {
  return toFields({ ...resources, ...records, contentBytes });
}

function toText({ found, deleted, ...fields }: Erasure): string {
  return toFields({ ...fields, ...(found ? { found: total(found) } : {}), deleted: total(deleted) });
}

function total({ resources, records }: Amounts): number {
  return Object.values({ ...resources, ...records }).reduce((sum, count) => sum + count, 0);
}
