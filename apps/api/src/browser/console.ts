import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionService } from '@bulkhead/access/commands';
import { AppError } from '@bulkhead/runtime';
import { type Request, Router, static as staticFiles } from 'express';
import { leadToLogin, resumeSession } from './session.ts';

interface ConsoleDeps {
  readonly sessions: SessionService;
  /** Where the built console is. */
  readonly consoleDir: string;
}

/**
 * The operators' console: one page, whatever its address, for whoever is logged in. Its files hold no secret; what it shows it
 * asks of the API, with the rights of the key that the session was begun with.
 */
export function consoleRoutes({ sessions, consoleDir }: ConsoleDeps): Router {
  const router = Router();
  const page = join(consoleDir, 'index.html');
  // Named by their content.
  const files = { immutable: true, maxAge: '1y', index: false, redirect: false } as const;
  router.use('/assets', staticFiles(join(consoleDir, 'assets'), files));
  router.use(staticFiles(consoleDir, { index: false, redirect: false, maxAge: '1h' }));

  router.get('/{*path}', async (request, response, next) => {
    if (!isPage(request)) return next();
    if (!(await resumeSession({ sessions, request }))) return leadToLogin({ request, response });
    if (!existsSync(page)) throw notBuilt();
    // It names the files of its version: an old one would ask for files that are gone.
    response.set('cache-control', 'no-store').sendFile(page);
  });
  return router;
}

/** A browser that goes somewhere; a program that takes anything gets the API's error. */
function isPage(request: Request): boolean {
  return request.accepts(['json', 'html']) === 'html' && !/^\/(?:api|assets)(?:\/|$)/.test(request.path);
}

function notBuilt(): AppError {
  return new AppError({
    code: 'console-not-built',
    message: 'The console is not there: `pnpm build` makes it, and CONSOLE_DIR says where it is.',
    retry: 'never',
  });
}
