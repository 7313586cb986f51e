import type { Response } from 'express';

const signals = new WeakMap<Response, AbortSignal>();

/** Aborts if the client leaves before its answer is complete, so that the database stops the search. */
export function leftSignal(response: Response): AbortSignal {
  const controller = new AbortController();
  signals.set(response, controller.signal);
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

/** Whether work for the response was stopped, because its client has left. */
export function isStopped(response: Response): boolean {
  return signals.get(response)?.aborted === true;
}
