import type { OutputFile } from '../api/api.ts';
import { errorText } from '../parts/coded-text.ts';

type Timed = Pick<OutputFile, 'startedAt' | 'completedAt' | 'bytes'>;

/** Over the whole time of a file, including waits between attempts. */
export function fileRate({ startedAt, completedAt, bytes }: Timed, now: Date): number | undefined {
  if (startedAt === undefined || bytes === 0) return undefined;
  const end = completedAt === undefined ? now : new Date(completedAt);
  const tookMs = Math.max(end.getTime() - new Date(startedAt).getTime(), 1);
  return (bytes / tookMs) * 1000;
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
