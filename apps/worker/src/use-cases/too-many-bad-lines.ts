import { AppError, type FileCheckpoint } from '@bulkhead/domain';

export function tooManyBadLines({ quarantined, lines }: FileCheckpoint): AppError {
  return new AppError({
    code: 'too-many-bad-lines',
    message: "Over 1 % of the file's lines are no usable resources. See the quarantine, and the EHR's support.",
    retry: 'never',
    context: { quarantined, lines },
  });
}
