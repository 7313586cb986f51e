import { AppError } from '@bulkhead/domain';
import type { RequestHandler, Response } from 'express';
import { callerOf } from './caller-of.ts';

/** Behind `authenticate`: refuses the keys of clients. */
export function requireOperator(): RequestHandler {
  return (_request, response, next) => {
    checkOperator(response);
    next();
  };
}

/** @throws AppError `forbidden` */
export function checkOperator(response: Response): void {
  if (callerOf(response).apiKey.role === 'operator') return;
  throw new AppError({
    code: 'forbidden',
    message: 'This needs the key of an operator; yours is a client key.',
    retry: 'never',
  });
}
