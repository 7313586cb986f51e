import express, { type ErrorRequestHandler, type Express } from 'express';
import { outcomeReply } from './http/outcome.ts';
import { sendReply } from './http/reply.ts';
import { judgeRequests } from './judge/judge-requests.middleware.ts';
import { binaryRoute } from './routes/binary.route.ts';
import { bulkErrorFileRoute } from './routes/bulk-error-file.route.ts';
import { bulkFileRoute } from './routes/bulk-file.route.ts';
import { bulkKickOffRoute } from './routes/bulk-kick-off.route.ts';
import { bulkStatusRoute } from './routes/bulk-status.route.ts';
import { controlExportsRoute } from './routes/control-exports.route.ts';
import { controlFaultsRoute } from './routes/control-faults.route.ts';
import { controlJudgeRoute } from './routes/control-judge.route.ts';
import { controlOptionsRoute } from './routes/control-options.route.ts';
import { controlResourcesRoute } from './routes/control-resources.route.ts';
import { controlScenariosRoute } from './routes/control-scenarios.route.ts';
import { discoveryRoute } from './routes/discovery.route.ts';
import { healthRoute } from './routes/health.route.ts';
import { oauthRoute } from './routes/oauth.route.ts';
import { readRoute } from './routes/read.route.ts';
import { searchRoute } from './routes/search.route.ts';
import type { Simulator } from './simulator.ts';

/** The control routes come before the judge, so that they are never counted. */
export function buildExpressApp(simulator: Simulator): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(
    healthRoute(simulator),
    controlJudgeRoute(simulator),
    controlExportsRoute(simulator),
    controlResourcesRoute(simulator),
    controlOptionsRoute(simulator),
    controlFaultsRoute(simulator),
    controlScenariosRoute(simulator),
  );
  app.use(judgeRequests(simulator));
  app.use(oauthRoute(simulator), discoveryRoute(simulator));
  app.use(
    bulkKickOffRoute(simulator),
    bulkStatusRoute(simulator),
    bulkFileRoute(simulator),
    bulkErrorFileRoute(simulator),
  );
  app.use(binaryRoute(simulator), searchRoute(simulator), readRoute(simulator));
  // athenahealth answers an unknown path in plain text, not with an OperationOutcome.
  app.use((_req, res) => {
    res.status(404).type('text/plain').send('Not Found');
  });
  app.use(failed);
  return app;
}

/** Express knows an error handler by its four parameters. */
const failed: ErrorRequestHandler = async (error, req, res, _next) => {
  if (res.headersSent) {
    res.destroy();
    return;
  }
  const status = Number(error?.status ?? 500);
  const code = status < 500 ? 'invalid' : 'exception';
  const message = status < 500 ? 'The request cannot be read.' : 'The simulator failed.';
  await sendReply({ req, res, reply: outcomeReply({ status, code, message, headers: {} }) });
};
