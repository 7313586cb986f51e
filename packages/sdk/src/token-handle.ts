import { AppError } from '@bulkhead/runtime';

const prefix = 'bulkhead:';

/** Stands for a connection's access token in the guide's code: tokens stay inside, are renewed there, and never get old. */
export function tokenHandle(connectionId: string): string {
  return `${prefix}${connectionId}`;
}

/** @throws AppError `unknown-token` */
export function connectionIdOf(accessToken: string): string {
  if (accessToken.startsWith(prefix)) return accessToken.slice(prefix.length);
  throw new AppError({
    code: 'unknown-token',
    message: 'The access token is not one that getConnection gave. Pass `connection.accessToken` on as it is.',
    retry: 'never',
  });
}
