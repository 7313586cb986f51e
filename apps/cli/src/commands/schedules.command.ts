import { answerOf } from '@bulkhead/client';
import type { Command } from 'commander';
import { addCommand } from '../add-command.ts';
import type { Environment } from '../context.ts';
import { toTable } from '../output.ts';

interface CreateOptions {
  readonly connection: string;
  readonly kind: 'export' | 'sync';
  readonly cron: string;
  readonly timeZone: string;
  readonly spread: boolean;
}

/** Recurring exports and syncs. */
export function addSchedules(program: Command, environment: Environment): void {
  const schedules = program.command('schedules').description('recurring exports and syncs');
  const add = <Options>(definition: Parameters<typeof addCommand<Options>>[1]['definition']) =>
    addCommand<Options>(schedules, { definition, environment });

  add({
    usage: 'list',
    description: 'list schedules with their last and next runs',
    async run({ api, output }) {
      const { data } = answerOf(await api.GET('/api/ehr/schedules', { params: { query: { limit: 1000 } } }));
      output.print(data, () =>
        toTable(data, {
          id: ({ id }) => id,
          connection: ({ connectionId }) => connectionId,
          kind: ({ kind }) => kind,
          cron: ({ cron, timeZone }) => `${cron} ${timeZone}`,
          next: ({ nextRunAt, paused }) => (paused ? 'paused' : nextRunAt),
          last: ({ lastRun }) => lastRun && `${lastRun.outcome} ${lastRun.at}`,
        }),
      );
    },
  });

  add<CreateOptions>({
    usage: 'create',
    description: 'create a schedule',
    options: (command) =>
      command
        .requiredOption('--connection <id>', 'the connection to export or sync')
        .requiredOption('--cron <cron>', 'cron expression of five fields, such as "0 2 * * *"')
        .requiredOption('--time-zone <zone>', 'time zone, such as America/New_York')
        .option('--kind <kind>', 'export or sync', 'export')
        .option('--no-spread', 'start exactly at the cron time, without the delay that spreads schedules'),
    async run({ api, output }, _args, { connection: connectionId, kind, cron, timeZone, spread }) {
      const { data } = answerOf(
        await api.POST('/api/ehr/schedules', { body: { connectionId, kind, cron, timeZone, spread } }),
      );
      output.print(data, () => `${data.id}  next ${data.nextRunAt}`);
    },
  });

  for (const [usage, paused] of [
    ['pause', true],
    ['resume', false],
  ] as const) {
    add({
      usage: `${usage} <id>`,
      description: paused ? 'pause a schedule until it is resumed' : 'resume a schedule',
      async run({ api, output }, [id = '']) {
        const answer = await api.PATCH('/api/ehr/schedules/{id}', { params: { path: { id } }, body: { paused } });
        const { data } = answerOf(answer);
        output.print(data, () => data.nextRunAt ?? 'paused');
      },
    });
  }

  add({
    usage: 'run <id>',
    description: 'start a run of a schedule now',
    async run({ api, output }, [id = '']) {
      const { data } = answerOf(await api.POST('/api/ehr/schedules/{id}/run', { params: { path: { id } } }));
      output.print(data, () => data.id);
    },
  });

  add({
    usage: 'delete <id>',
    description: 'delete a schedule',
    async run({ api }, [id = '']) {
      answerOf(await api.DELETE('/api/ehr/schedules/{id}', { params: { path: { id } } }));
    },
  });
}
