import type { OutputFile } from '../api/api.ts';
import { errorText } from '../parts/coded-text.ts';

type Timed = Pick<OutputFile, 'state' | 'startedAt' | 'completedAt' | 'bytes' | 'lines' | 'promisedCount'>;

/** Over the whole time of a file, including waits between attempts. */
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

/** The failed files by error code, the most frequent first. Messages with the same code differ only in numbers. */
export function groupFailures(files: readonly Pick<OutputFile, 'error'>[]) {
  const failures = files.flatMap(({ error }) => error ?? []);
  return [...Map.groupBy(failures, ({ code }) => code)]
    .map(([code, group]) => ({ code, ...errorText({ code, message: group[0]?.message ?? '' }), count: group.length }))
    .sort((left, right) => right.count - left.count);
}

/** The ledger with the changed files. A file that it does not contain yet arrives with the next full read. */
export function mergeFiles(options: Readonly<Record<'files' | 'changed', readonly OutputFile[]>>): OutputFile[] {
  const changed = new Map(options.changed.map((file) => [file.id, file]));
  return options.files.map((file) => changed.get(file.id) ?? file);
}
