import { AppError } from '@bulkhead/runtime';
import type { Response } from 'express';
import { callerOf } from './caller-of.ts';

/** @throws AppError `forbidden` */
export function checkOperator(response: Response): void {
  if (callerOf(response).apiKey.role === 'operator') return;
  throw new AppError({
    code: 'forbidden',
    message: 'This needs the key of an operator; yours is a client key.',
    retry: 'never',
  });
}
