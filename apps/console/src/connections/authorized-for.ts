import type { Connection } from '../api/api.ts';

/** Undefined if no user must authorize the connection. */
export function authorizedFor({ auth, needsAuthorization, userId }: Connection): string | undefined {
  if (auth.method !== 'authorization_code') return undefined;
  if (needsAuthorization) return 'no';
  return userId === undefined ? 'yes' : `yes, for patient ${userId}`;
}
