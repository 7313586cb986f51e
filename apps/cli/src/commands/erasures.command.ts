import { answerOf, type components } from '@bulkhead/client';
import type { Command } from 'commander';
import { addCommand, wholeNumber } from '../add-command.ts';
import type { Context, Environment } from '../context.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { toFields, toTable } from '../output.ts';

type Amounts = components['schemas']['DataAmounts'];
type Erasure = components['schemas']['Erasure'];

interface PatientReference {
  readonly connection: string;
}

/** Deletions on request, and deletions because of age. */
export function addErasures(program: Command, environment: Environment): void {
  const erasures = program.command('erasures').description('deletions of connections and patients');
  const patients = program.command('patients').description('erase a patient');

  addCommand(erasures, {
    environment,
    definition: {
      usage: 'show <id>',
      description: 'show the progress of an erasure and what it deleted',
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
      description: 'list erasures, newest first',
      options: (command) =>
        command
          .option('--connection <id>', 'only erasures of this connection')
          .option('--limit <number>', 'maximum number of erasures', wholeNumber, 100),
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

  addCommand<PatientReference & { readonly dryRun?: boolean; readonly keepOut?: boolean; readonly yes?: boolean }>(
    patients,
    {
      environment,
      definition: {
        usage: 'erase <id>',
        description: 'delete all stored data of a patient',
        options: (command) =>
          command
            .requiredOption('--connection <id>', 'the connection of the patient')
            .option('--dry-run', 'only count the data')
            .option('--keep-out', 'do not store the patient again')
            .option('--yes', 'confirm; without it nothing is deleted'),
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

  addCommand<PatientReference>(patients, {
    environment,
    definition: {
      usage: 'let-in <id>',
      description: 'store an erased patient again if the EHR sends them',
      options: (command) => command.requiredOption('--connection <id>', 'the connection of the patient'),
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
      description: 'show how many records of each kind were deleted because of their age',
      async run({ api, output }) {
        const { data } = answerOf(await api.GET('/api/ehr/retention'));
        output.print(data, () =>
          toTable(data, {
            kind: ({ kind }) => kind,
            'kept days': ({ keptDays }) => keptDays,
            deleted: ({ deleted }) => deleted,
            'last run': ({ startedAt }) => startedAt,
            ended: ({ endedAt }) => endedAt ?? 'running',
          }),
        );
      },
    },
  });
}

/** Shows how much would be deleted. @throws CliError unless the deletion was confirmed with --yes */
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
    message: `Nothing was deleted. Add --yes to permanently delete all of this data of ${what}.`,
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
