import { AppError } from '@bulkhead/runtime';
import type { FileCheckpoint } from '../../output-file.record.ts';

export function tooManyBadLines(checkpoint: FileCheckpoint): AppError {
  return badLines({
    code: 'too-many-bad-lines',
    found: "Over 1 % of the file's lines are not usable resources.",
    checkpoint,
  });
}

export function noValidLines(checkpoint: FileCheckpoint): AppError {
  return badLines({ code: 'no-valid-lines', found: "None of the file's lines is a usable resource.", checkpoint });
}

function badLines(options: {
  readonly code: string;
  readonly found: string;
  readonly checkpoint: FileCheckpoint;
}): AppError {
  const { code, found, checkpoint } = options;
  const { quarantined, lines } = checkpoint;
  return new AppError({
    code,
    message: `${found} See their reasons in the quarantine, and ask the EHR's support.`,
    retry: 'never',
    context: { quarantined, lines },
  });
}
