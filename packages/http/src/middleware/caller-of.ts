import type { Principal } from '@bulkhead/access';
import type { AuditActor } from '@bulkhead/access/audit';
import type { ViewFor } from '@bulkhead/imports/runs/commands';
import type { ConnectionScope } from '@bulkhead/store';
import type { Response } from 'express';

/** The sender of a request. */
export interface Caller {
  readonly apiKey: Principal;
  /** Whether the caller presented the key itself, a session of the key, or the token of a backend client. */
  readonly via: 'api-key' | 'session' | 'client';
  /** The connections that the caller may use. Service methods that find records need it. */
  readonly scope: ConnectionScope;
  /** What the caller may see of a record. */
  readonly view: ViewFor;
  /** Whether the key or the session still counts. @throws if it cannot be read */
  readonly isHeld: () => Promise<boolean>;
}

const callers = new WeakMap<Response, Caller>();

export function setCaller({
  response,
  // A page of the browser is sent at once.
  isHeld = async () => true,
  ...recognised
}: Pick<Caller, 'apiKey' | 'via'> & Partial<Pick<Caller, 'isHeld'>> & { readonly response: Response }): void {
  const { apiKey } = recognised;
  callers.set(response, {
    ...recognised,
    isHeld,
    scope: apiKey.connectionIds ?? 'all',
    view: { isOperator: apiKey.role === 'operator' },
  });
}

/** Returns undefined if the route needs no key. */
export function findCaller(response: Response): Caller | undefined {
  return callers.get(response);
}

/** The caller of a route behind `authenticate`. */
export function callerOf(response: Response): Caller {
  const caller = callers.get(response);
  if (!caller) throw new Error('the route is not behind `authenticate`');
  return caller;
}

export function actorOf({ apiKey, via }: Caller): AuditActor {
  return { kind: via, id: apiKey.id, name: apiKey.name, role: apiKey.personRole ?? apiKey.role };
}
