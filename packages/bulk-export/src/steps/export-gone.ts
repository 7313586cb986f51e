import { AppError } from '@bulkhead/runtime';

export function exportGone(cause?: unknown): AppError {
  return new AppError({
    code: 'export-gone',
    message: 'The EHR no longer has the export: it expired, or was deleted there. Retry it, which asks for a new one.',
    retry: 'never',
    cause,
    ehrText: cause instanceof AppError ? cause.ehrText : undefined,
  });
}
