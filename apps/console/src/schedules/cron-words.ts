import cronstrue from 'cronstrue';

/** "At 02:00, every day, America/New_York". @returns undefined if it is not a cron expression */
export function cronWords({
  cron,
  timeZone,
}: {
  readonly cron: string;
  readonly timeZone: string;
}): string | undefined {
  try {
    const words = cronstrue.toString(cron, { use24HourTimeFormat: true, verbose: true });
    return `${words}, ${timeZone}`;
  } catch {
    return undefined;
  }
}
