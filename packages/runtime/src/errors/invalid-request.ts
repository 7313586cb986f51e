import { AppError } from './app-error.ts';

export interface Fault {
  /** Where in the request, such as `resourceTypes.0`. */
  readonly path: string;
  readonly message: string;
}

/** HTTP 400, with every fault. */
export function invalidRequest(faults: readonly Fault[]): AppError {
  return new AppError({
    code: 'invalid-request',
    message: 'The request is not valid. Correct what `details` lists and send it again.',
    retry: 'never',
    context: { details: faults },
  });
}
