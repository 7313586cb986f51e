import { AppError } from '@bulkhead/domain';
import type { NextFunction, Response } from 'express';
import { type Action, actions } from '../actions.ts';
import { callerOf } from './caller-of.ts';

export interface ActionHandler {
  // Not `RequestHandler`: that would take the types of its parameters from the handlers behind it.
  (request: unknown, response: Response, next: NextFunction): void;
  readonly action: Action;
}

/** The first handler of every route: says what the route does, and refuses those who may not. */
export function allow(action: Action): ActionHandler {
  const handler = (_request: unknown, response: Response, next: NextFunction): void => {
    const { role } = callerOf(response).apiKey;
    if (actions[action].role === 'operator' && role !== 'operator') throw forbidden();
    next();
  };
  return Object.assign(handler, { action });
}

function forbidden(): AppError {
  return new AppError({
    code: 'forbidden',
    message: 'This needs the key of an operator; yours is a client key.',
    retry: 'never',
  });
}
