import { answerOf } from '@bulkhead/client';
import { command, given } from '../command.ts';
import { confirm } from '../confirm.ts';
import { inParallel } from '../in-parallel.ts';
import { option, yes } from '../option.ts';

/** A change takes milliseconds, so more at once would only wait for the database. */
const changesAtOnce = 4;

export const spreadSchedulesCommand = command({
  name: 'spread',
  summary: 'give all daily schedules times at which they end within a window, and few start together',
  options: {
    from: option.text('<time>', 'when the window begins, in the time zone of each schedule (default: 20:00)'),
    until: option.text('<time>', 'when all runs should have ended (default: 06:00)'),
    dryRun: option.flag('only show what would change'),
    yes,
  },
  examples: ['schedules spread --dry-run', 'schedules spread --from 22:00 --until 05:00 --yes'],
  async run(context, { from, until, dryRun, yes: isConfirmed }) {
    const { api, output } = context;
    const query = given({ from, until });
    const schedules = answerOf(await api.GET('/api/ehr/plan/schedules', { params: { query } })).data;
    output.printRows(schedules, {
      columns: {
        id: 'id',
        connection: 'connectionId',
        takes: ({ usualSeconds }) => (usualSeconds === undefined ? 'not known' : `${Math.ceil(usualSeconds / 60)} min`),
        now: ({ cron, timeZone }) => `${cron} ${timeZone}`,
        proposed: 'proposedCron',
      },
      empty: 'No schedules run once a day.',
    });
    const moved = schedules.filter(({ cron, proposedCron }) => cron !== proposedCron);
    if (dryRun || moved.length === 0) return;
    await confirm(context, {
      yes: isConfirmed,
      what: `change the times of ${moved.length} schedules`,
      done: 'changed',
    });
    await inParallel(moved, {
      limit: changesAtOnce,
      run: async ({ id, proposedCron: cron }) =>
        answerOf(
          await api.PATCH('/api/ehr/schedules/{id}', { params: { path: { id } }, body: { cron, spread: false } }),
        ),
    });
  },
});
