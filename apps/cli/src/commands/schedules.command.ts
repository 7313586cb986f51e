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

/** Exports and syncs that come again. */
export function addSchedules(program: Command, environment: Environment): void {
  const schedules = program.command('schedules').description('exports and syncs that come again');
  const add = <Options>(definition: Parameters<typeof addCommand<Options>>[1]['definition']) =>
    addCommand<Options>(schedules, { definition, environment });

  add({
    usage: 'list',
    description: 'with last and next run',
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
    description: 'add one',
    options: (command) =>
      command
        .requiredOption('--connection <id>', 'of which connection')
        .requiredOption('--cron <cron>', 'five fields, such as "0 2 * * *"')
        .requiredOption('--time-zone <zone>', 'such as America/New_York')
        .option('--kind <kind>', 'export or sync', 'export')
        .option('--no-spread', 'at the very minute'),
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
      description: paused ? 'no runs until it is resumed' : 'runs again',
      async run({ api, output }, [id = '']) {
        const answer = await api.PATCH('/api/ehr/schedules/{id}', { params: { path: { id } }, body: { paused } });
        const { data } = answerOf(answer);
        output.print(data, () => data.nextRunAt ?? 'paused');
      },
    });
  }

  add({
    usage: 'run <id>',
    description: 'start a run now',
    async run({ api, output }, [id = '']) {
      const { data } = answerOf(await api.POST('/api/ehr/schedules/{id}/run', { params: { path: { id } } }));
      output.print(data, () => data.id);
    },
  });

  add({
    usage: 'delete <id>',
    description: 'remove one',
    async run({ api }, [id = '']) {
      answerOf(await api.DELETE('/api/ehr/schedules/{id}', { params: { path: { id } } }));
    },
  });
}
