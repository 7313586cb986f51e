import cronstrue from 'cronstrue';
import type { Schedule } from '../api/api.ts';

/** "At 02:00, every day, America/New_York". @returns undefined if it is not a cron expression */
export function cronWords({ cron, timeZone }: Pick<Schedule, 'cron' | 'timeZone'>): string | undefined {
  try {
    const words = cronstrue.toString(cron, { use24HourTimeFormat: true, verbose: true });
    return `${words}, ${timeZone}`;
  } catch {
    return undefined;
  }
}
