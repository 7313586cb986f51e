import { AppError } from '@bulkhead/runtime';
import type { DocumentSkipReason } from '../patient-document.ts';

/** A document that this deployment does not take. */
export class DocumentSkip extends AppError {
  readonly reason: DocumentSkipReason;

  constructor(reason: DocumentSkipReason) {
    super({
      code: 'document-skipped',
      message: 'The document is left out: its reason says why.',
      retry: 'never',
      context: { reason },
    });
    this.reason = reason;
  }
}
