import { AppError } from '@bulkhead/runtime';

const prefix = 'bulkhead:';

/**
 * Returns a handle that the guide's code uses as the access token of a connection. The real token never leaves the service, which
 * renews it, so the handle does not expire.
 */
export function tokenHandle(connectionId: string): string {
  return `${prefix}${connectionId}`;
}

/** @throws AppError `unknown-token` */
export function connectionIdOf(accessToken: string): string {
  if (accessToken.startsWith(prefix)) return accessToken.slice(prefix.length);
  throw new AppError({
    code: 'unknown-token',
    message: 'The access token is not from getConnection. Pass `connection.accessToken` unchanged.',
    retry: 'never',
  });
}
