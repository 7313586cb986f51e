import { answerOf, type components } from '@bulkhead/client';
import { type CommandGroup, command, given } from '../command.ts';
import { confirm } from '../confirm.ts';
import { option, pages, yes } from '../option.ts';
import { spreadSchedulesCommand } from './spread-schedules.command.ts';

type Schedule = components['schemas']['Schedule'];

const id = 'the id of the schedule';

/** Recurring exports and syncs. */
export const schedules: CommandGroup = {
  name: 'schedules',
  alias: 'schedule',
  summary: 'recurring exports and syncs',
  commands: [
    command({
      name: 'list',
      summary: 'list schedules with their last and next runs',
      options: { connection: option.ofConnection('schedules'), ...pages('schedules', 200) },
      examples: ['schedules list', 'schedules list --connection conn_1'],
      async run({ api, output }, { connection: connectionId, limit, cursor }) {
        const query = given({ connectionId, limit, cursor });
        output.printList(await api.GET('/api/ehr/schedules', { params: { query } }), {
          columns: {
            id: 'id',
            connection: 'connectionId',
            kind: 'kind',
            cron: ({ cron, timeZone }) => `${cron} ${timeZone}`,
            next: toNextRun,
            last: ({ lastRun }) => lastRun && `${lastRun.outcome} ${lastRun.at}`,
          },
          empty:
            'No schedules. Create one with: bulkhead schedules create --connection ID --cron "0 2 * * *" --time-zone America/New_York',
        });
      },
    }),
    command({
      name: 'create',
      summary: 'create a schedule',
      options: {
        connection: option.required(option.text('<id>', 'the connection to export or sync')),
        cron: option.required(option.text('<cron>', 'cron expression of five fields, such as "0 2 * * *"')),
        timeZone: option.required(option.text('<zone>', 'time zone, such as America/New_York')),
        kind: option.withDefault(
          option.choice('<kind>', { of: ['export', 'sync'], description: 'what is started' }),
          'export',
        ),
        types: option.list('<types>', 'comma-separated resource types'),
        level: option.choice('<level>', { of: ['Patient', 'Group', 'System'], description: 'what an export exports' }),
        cohort: option.text('<name>', 'only the patients of this cohort, in an export'),
        standard: option.unless('skip the standard set in syncs'),
        enhanced: option.unless('skip the enhanced set in syncs'),
        others: option.unless('skip the other types that the EHR declares as searchable by patient in syncs'),
        appointments: option.flag('read the appointments to which stored Encounters refer in syncs, by their ids'),
        references: option.flag('read what stored resources refer to and is not stored in syncs, by its ids'),
        spread: option.unless('start exactly at the cron time, without the delay that spreads schedules'),
      },
      examples: [
        'schedules create --connection conn_1 --cron "0 2 * * *" --time-zone America/New_York',
        'schedules create --connection conn_1 --cohort diabetes --cron "0 3 * * *" --time-zone UTC',
        'schedules create --connection conn_1 --kind sync --no-standard --cron "0 4 * * 0" --time-zone UTC',
      ],
      async run({ api, output }, { connection: connectionId, kind, cron, timeZone, spread, ...options }) {
        const request = given({
          resourceTypes: options.types,
          exportType: options.level,
          cohort: options.cohort,
          includeStandard: options.standard ? undefined : false,
          includeEnhanced: options.enhanced ? undefined : false,
          includeOthers: options.others ? undefined : false,
          includeAppointments: options.appointments,
          includeReferences: options.references,
        });
        const body = { connectionId, kind, cron, timeZone, spread, request };
        output.printAnswer(await api.POST('/api/ehr/schedules', { body }), toNextRunText);
      },
    }),
    spreadSchedulesCommand,
    pauseOrResume({ name: 'pause', summary: 'pause a schedule until it is resumed', paused: true }),
    pauseOrResume({ name: 'resume', summary: 'resume a schedule', paused: false }),
    command({
      name: 'run',
      summary: 'start a run of a schedule now',
      args: { id },
      examples: ['schedules run sched_1'],
      async run({ api, output }, path) {
        output.printAnswer(await api.POST('/api/ehr/schedules/{id}/run', { params: { path } }), 'id');
      },
    }),
    command({
      name: 'delete',
      summary: 'delete a schedule',
      args: { id },
      options: { yes },
      examples: ['schedules delete sched_1 --yes'],
      async run(context, { id: scheduleId, yes: isConfirmed }) {
        await confirm(context, { yes: isConfirmed, what: `delete the schedule ${scheduleId}`, done: 'deleted' });
        answerOf(await context.api.DELETE('/api/ehr/schedules/{id}', { params: { path: { id: scheduleId } } }));
      },
    }),
  ],
};

function toNextRunText(schedule: Schedule): string {
  return `${schedule.id}  next ${toNextRun(schedule)}`;
}

function toNextRun({ paused, nextRunAt, errorMessage }: components['schemas']['Schedule']): string | undefined {
  return paused ? 'paused' : (errorMessage ?? nextRunAt);
}

function pauseOrResume(options: { readonly name: string; readonly summary: string; readonly paused: boolean }) {
  const { name, summary, paused } = options;
  return command({
    name,
    summary,
    args: { id },
    examples: [`schedules ${name} sched_1`],
    async run({ api, output }, path) {
      const init = { params: { path }, body: { paused } };
      output.printAnswer(await api.PATCH('/api/ehr/schedules/{id}', init), (schedule) => toNextRun(schedule) ?? '');
    },
  });
}
