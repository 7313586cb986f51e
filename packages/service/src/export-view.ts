import { type BulkExport, type OutputFile, publicStatus } from '@bulkhead/domain';

/** The guide's "Initiate Bulk Export" answer. `statusUrl` is missing while the EHR has not accepted the kick-off yet. */
export function toStartedView({ id, phase, statusUrl, createdAt, error }: BulkExport) {
  return {
    id,
    status: publicStatus(phase),
    ...(statusUrl === undefined ? {} : { statusUrl }),
    startedAt: createdAt.toISOString(),
    ...(error === undefined ? {} : { errorMessage: error.message }),
  };
}

/** The guide's "Check Export Status" answer, and beside its fields what explains them. */
export function toStatusView({
  record,
  files,
}: {
  readonly record: BulkExport;
  readonly files: readonly OutputFile[];
}) {
  const { id, phase, createdAt, completedAt, progress, error, warnings, droppedParameters, counts, statusUrl } = record;
  const status = publicStatus(phase);
  return {
    id,
    status,
    ...(status === 'COMPLETED'
      ? { outputUrls: files.filter(({ section }) => section === 'output').map(({ url }) => url) }
      : {}),
    startedAt: createdAt.toISOString(),
    ...(completedAt === undefined ? {} : { completedAt: completedAt.toISOString() }),
    ...(error === undefined ? {} : { errorMessage: error.message, errorCode: error.code }),
    phase,
    ...(statusUrl === undefined ? {} : { statusUrl }),
    ...(progress === undefined ? {} : { progress }),
    request: record.request,
    counts,
    warnings,
    droppedParameters,
  };
}

export function toFileView(file: OutputFile) {
  const { id, section, type, url, state, promisedCount, checkpoint, attempts, error, startedAt, completedAt } = file;
  return {
    id,
    section,
    type,
    url,
    state,
    ...(promisedCount === undefined ? {} : { promisedCount }),
    ...checkpoint,
    attempts,
    ...(error === undefined ? {} : { error }),
    ...(startedAt === undefined ? {} : { startedAt: startedAt.toISOString() }),
    ...(completedAt === undefined ? {} : { completedAt: completedAt.toISOString() }),
  };
}
