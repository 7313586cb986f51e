import type { OutputFile } from '../api/records.ts';

type Timed = Pick<OutputFile, 'state' | 'startedAt' | 'completedAt' | 'bytes' | 'lines' | 'promisedCount'>;

/** Over the whole time of a file, waits between its tries included. */
export function fileRate(file: Timed, now: Date): { readonly bytesPerSecond?: number; readonly leftMs?: number } {
  const { state, startedAt, completedAt, bytes, lines, promisedCount = 0 } = file;
  if (startedAt === undefined || bytes === 0) return {};
  const end = completedAt === undefined ? now : new Date(completedAt);
  const tookMs = Math.max(end.getTime() - new Date(startedAt).getTime(), 1);
  const isUnderWay = state === 'downloading' && lines > 0 && promisedCount > lines;
  return {
    bytesPerSecond: (bytes / tookMs) * 1000,
    ...(isUnderWay ? { leftMs: (promisedCount - lines) * (tookMs / lines) } : {}),
  };
}
