import type { ApiKey } from '@bulkhead/access';
import type { SessionService } from '@bulkhead/access/commands';
import type { Request } from 'express';
import { sessionCookie } from './session-cookie.ts';

/**
 * Whose session a browser's cookie names.
 * @param options.isActivity see `SessionService.resume`
 * @returns undefined where there is no cookie, or where the session is over
 */
export async function resumeSession(options: {
  readonly sessions: SessionService;
  readonly request: Request;
  readonly isActivity?: boolean;
}): Promise<ApiKey | undefined> {
  const { sessions, request, isActivity = true } = options;
  const id = sessionCookie.read(request);
  return id === undefined ? undefined : sessions.resume(id, { isActivity });
}
