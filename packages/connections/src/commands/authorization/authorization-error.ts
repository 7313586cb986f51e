import { AppError, type RetryAdvice } from '@bulkhead/runtime';

/** A worker that is busy or has just been started gets to it within this. */
const pendingMs = 30_000;

const errors = {
  'not-authorizable': { message: 'The connection does not use `authorization_code`: no user has to agree.' },
  'unknown-issuer': {
    message:
      'The launch comes from an EHR that is not in the provider registry. If it is right, add it as an environment.',
  },
  'authorization-used': {
    message: 'The address was opened before, or is older than ten minutes. Have a new one made.',
  },
  'authorization-unknown': {
    message:
      'This answer belongs to no authorization that this browser has begun and not ended yet. Start it again, with cookies allowed, and end it in the same browser within ten minutes.',
  },
  'authorization-pending': {
    message: 'No worker has asked the EHR yet. Look at the connections in a minute; if there is none, start again.',
    retry: { afterMs: pendingMs },
  },
} as const;

/** What keeps an authorization from going on, for the person at the browser. */
export function authorizationError(code: keyof typeof errors): AppError {
  const { message, retry = 'never' }: { readonly message: string; readonly retry?: RetryAdvice } = errors[code];
  return new AppError({ code, message, retry });
}
