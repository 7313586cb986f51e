import { AppError, type ErrorCode } from './app-error.ts';
import { runtimeError } from './errors.ts';

/** Why a run or a part of it failed, as it is stored in its record. */
export interface ExportError {
  readonly code: ErrorCode;
  /** Says what happened and what to do. */
  readonly message: string;
  /** The EHR's own words, see `toEhrText`. For operators only. */
  readonly ehrText?: string;
}

/** Converts an error to what clients read in `errorMessage`. The EHR's own words are kept separately, for operators. */
export function toExportError(error: unknown): ExportError {
  const { code, message, ehrText } = toKnownError(error);
  return { code, message, ...(ehrText === undefined ? {} : { ehrText }) };
}

/** Wraps an error that is not an AppError. Its message is not shown, because it may contain anything. */
export function toKnownError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return runtimeError('internal', { cause: error });
}
