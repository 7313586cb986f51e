import type { SessionService } from '@bulkhead/service';
import { type Request, type Response, Router } from 'express';
import { allow } from '../middleware/allow.ts';
import { callerOf } from '../middleware/caller-of.ts';
import { sessionCookie } from '../middleware/session-cookie.ts';

/** Who is asking: a page shows it, and leaves out what this key may not do. */
export function sessionRoute({ sessions }: { readonly sessions: SessionService }): Router {
  const router = Router();
  router.get('/session', allow('session.read'), async (request, response) => {
    const { apiKey, via } = callerOf(response);
    const { id: apiKeyId, name, role, connectionIds } = apiKey;
    const expiresAt = await endOf({ sessions, request, response });
    const data = {
      ...{ apiKeyId, name, role, via },
      ...(connectionIds ? { connectionIds } : {}),
      ...(expiresAt ? { expiresAt: expiresAt.toISOString() } : {}),
    };
    response.json({ success: true, data });
  });
  return router;
}

/** Of the session or its key, whichever ends first. */
async function endOf(options: {
  readonly sessions: SessionService;
  readonly request: Request;
  readonly response: Response;
}): Promise<Date | undefined> {
  const { sessions, request, response } = options;
  const { apiKey, via } = callerOf(response);
  const id = via === 'session' ? sessionCookie.read(request) : undefined;
  const ends = [apiKey.expiresAt, id === undefined ? undefined : await sessions.endOf(id)];
  const [first] = ends.filter((end) => end !== undefined).toSorted((left, right) => left.getTime() - right.getTime());
  return first;
}
