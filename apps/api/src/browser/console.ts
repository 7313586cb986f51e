import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionService } from '@bulkhead/access/commands';
import { apiError, redirectToLogin, resumeSession } from '@bulkhead/http';
import { isStoreUnavailable } from '@bulkhead/store';
import { type Request, Router, static as staticFiles } from 'express';

interface ConsoleDeps {
  readonly sessions: SessionService;
  /** The folder of the built console. */
  readonly consoleDir: string;
}

/**
 * Serves the console for operators: one page for every address, for users who are logged in. Its files contain no secrets. The page
 * loads all data from the API, with the rights of the key that the user logged in with.
 */
export function consoleRoutes({ sessions, consoleDir }: ConsoleDeps): Router {
  const router = Router();
  const page = join(consoleDir, 'index.html');
  // The names of these files contain a hash of their content, so they never change.
  const files = { immutable: true, maxAge: '1y', index: false, redirect: false } as const;
  router.use('/assets', staticFiles(join(consoleDir, 'assets'), files));
  router.use(staticFiles(consoleDir, { index: false, redirect: false, maxAge: '1h' }));

  router.get('/{*path}', async (request, response, next) => {
    if (!isPage(request)) return next();
    if (!(await maySeePage(sessions, request))) return redirectToLogin({ request, response });
    if (!existsSync(page)) throw apiError('console-not-built');
    // The page refers to the files of its version. A cached old page would request files that no longer exist.
    response.set('cache-control', 'no-store').sendFile(page);
  });
  return router;
}

/** The page has no data, so a browser with a session gets it while MongoDB is unavailable. It then says what does not respond. */
async function maySeePage(sessions: SessionService, request: Request): Promise<boolean> {
  try {
    return (await resumeSession({ sessions, request })) !== undefined;
  } catch (error) {
    if (isStoreUnavailable(error)) return true;
    throw error;
  }
}

/** True for the navigation of a browser. A program that accepts any type gets the API's error instead. */
function isPage(request: Request): boolean {
  return request.accepts(['json', 'html']) === 'html' && !/^\/(?:api|assets)(?:\/|$)/.test(request.path);
}
