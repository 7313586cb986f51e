import type { OutputFile } from '../api/records.ts';

export interface FailureGroup {
  readonly code: string;
  /** Of the first file; those of a code differ in no more than figures. */
  readonly message: string;
  readonly count: number;
}

/** The failures of files by their code, the most frequent first. */
export function groupFailures(files: readonly Pick<OutputFile, 'error'>[]): readonly FailureGroup[] {
  const failures = files.flatMap(({ error }) => error ?? []);
  return [...Map.groupBy(failures, ({ code }) => code)]
    .map(([code, group]) => ({ code, message: group[0]?.message ?? '', count: group.length }))
    .sort((one, other) => other.count - one.count);
}
