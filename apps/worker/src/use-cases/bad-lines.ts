import { AppError, type FileCheckpoint } from '@bulkhead/domain';

export function tooManyBadLines({ quarantined, lines }: FileCheckpoint): AppError {
  return new AppError({
    code: 'too-many-bad-lines',
    message:
      "Over 1 % of the file's lines are not usable resources. See their reasons in the quarantine, and ask the EHR's support.",
    retry: 'never',
    context: { quarantined, lines },
  });
}

export function noValidLines({ quarantined, lines }: FileCheckpoint): AppError {
  return new AppError({
    code: 'no-valid-lines',
    message:
      "None of the file's lines is a usable resource. See their reasons in the quarantine, and ask the EHR's support.",
    retry: 'never',
    context: { quarantined, lines },
  });
}
