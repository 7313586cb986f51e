import { AppError } from './app-error.ts';

/** Why a run, or a part of it, failed, as its record has it. */
export interface ExportError {
  readonly code: string;
  /** Names the cause and the remedy. */
  readonly message: string;
  /** What the EHR said; see `toEhrText`: for operators only. */
  readonly ehrText?: string;
}

/** What a client reads in `errorMessage`; what the EHR said is kept beside it, for operators. */
export function toExportError(error: unknown): ExportError {
  const { code, message, ehrText } = toKnownError(error);
  return { code, message, ...(ehrText === undefined ? {} : { ehrText }) };
}

/** An error that is not ours has no text that could be shown. */
export function toKnownError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError({
    code: 'internal',
    message: "An unexpected error occurred. Its reason is in the workers' log. Retry the export.",
    retry: 'later',
    cause: error,
  });
}
