import { AppError } from '@bulkhead/domain';
import type { RequestHandler } from 'express';
import { callerOf } from './caller-of.ts';

/** For credentials and keys, for what shows or changes patient data line by line, and for the running of the system. */
export function requireOperator(): RequestHandler {
  return (_request, response, next) => {
    if (callerOf(response).apiKey.role === 'operator') return next();
    throw new AppError({
      code: 'forbidden',
      message: 'This needs the key of an operator; yours is a client key.',
      retry: 'never',
    });
  };
}
