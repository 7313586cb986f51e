import { AppError } from '@bulkhead/domain';
import type { RequestHandler } from 'express';
import { apiKeyOf } from './api-key-of.ts';

/** For what shows or changes patient data in bulk, and for the running of the system. */
export function requireOperator(): RequestHandler {
  return (_request, response, next) => {
    if (apiKeyOf(response).role === 'operator') return next();
    throw new AppError({
      code: 'forbidden',
      message: 'This needs the key of an operator; yours is a client key.',
      retry: 'never',
    });
  };
}
