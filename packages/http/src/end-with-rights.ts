import { AppError } from '@bulkhead/base';
import type { Request, Response } from 'express';
import type { HttpServices } from './define-endpoint.ts';
import { type Caller, findCaller } from './middleware/caller-of.ts';

/** A download can take an hour. Two reads by id, which most requests are too short for. */
const everyMs = 5000;

/**
 * Ends an answer whose reader may no longer have it: its key was revoked or has expired, its session has ended, the secret of its client was
 * deleted, or the connection was erased. The client notices that it is cut. If the rights cannot be read, it continues.
 */
export function endWithRights(options: {
  readonly request: Request;
  readonly response: Response;
  readonly services: Pick<HttpServices, 'checkConnection'>;
}): void {
  const { response } = options;
  const caller = findCaller(response);
  if (!caller) return;
  // Node warns of a leak above 10 listeners. The middleware, this and a pipeline add 12.
  response.setMaxListeners(20);
  const timer = setInterval(async () => {
    if (!(await mayHave({ ...options, caller }))) response.destroy();
  }, everyMs).unref();
  response.once('close', () => clearInterval(timer));
}

async function mayHave(options: {
  readonly request: Request;
  readonly services: Pick<HttpServices, 'checkConnection'>;
  readonly caller: Caller;
}): Promise<boolean> {
  const { request, services, caller } = options;
  const { provider, connectionId = request.query.connectionId } = request.params;
  try {
    if (!(await caller.isHeld())) return false;
    if (typeof connectionId === 'string' && typeof provider === 'string')
      await services.checkConnection({
        provider,
        connectionId,
        scope: caller.scope,
        keyId: caller.apiKey.id,
      });
    return true;
  } catch (error) {
    return !(error instanceof AppError && ended.has(error.code));
  }
}

const ended = new Set(['api-key-revoked', 'api-key-expired', 'unknown-connection', 'connection-purged']);
