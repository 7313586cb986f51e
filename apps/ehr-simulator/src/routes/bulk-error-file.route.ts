import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { cutBytes } from '../export/cut-bytes.ts';
import { type ErrorIssue, errorIssueSchema } from '../export/error-issue.ts';
import { filesNeedToken } from '../export/files-need-token.ts';
import { serveContent } from '../export/serve-content.ts';
import { endpoint } from '../http/endpoint.ts';
import { OutcomeError } from '../http/outcome.ts';
import type { Reply } from '../http/reply.ts';
import { authenticate } from '../oauth/authenticate.ts';
import type { Simulator } from '../simulator.ts';

const linesSchema = z.array(z.array(errorIssueSchema));

/** The error files that the `error-file` fault puts into manifests: OperationOutcomes, a line each. */
export function bulkErrorFileRoute(simulator: Simulator): Router {
  const router = Router();
  const handle = (req: Request, res: Response) => {
    if (filesNeedToken(simulator.options)) authenticate({ simulator, req });
    return errorFile({ req, res });
  };
  router.get('/fhir/r4/bulkerrors/:lines/:fileName', endpoint({ simulator, auth: 'none', handle }));
  return router;
}

function errorFile({ req, res }: { readonly req: Request; readonly res: Response }): Promise<Reply> {
  const bytes = Buffer.from(
    linesOf(String(req.params.lines))
      .map((issues) => `${outcome(issues)}\n`)
      .join(''),
  );
  const content = {
    sizeBytes: bytes.length,
    etag: `"${bytes.length}"`,
    read: ({ first, last }: { readonly first: number; readonly last: number }) =>
      cutBytes({ chunks: [bytes], skipBytes: first, lengthBytes: last - first + 1 }),
  };
  // The URL is the file: it is as old as the epoch.
  return serveContent({ req, res, content, lastModifiedMs: 0 });
}

function linesOf(encoded: string): ErrorIssue[][] {
  try {
    return linesSchema.parse(JSON.parse(Buffer.from(encoded, 'base64url').toString()));
  } catch {
    throw new OutcomeError({ status: 404, code: 'not-found', text: 'There is no such file.' });
  }
}

function outcome(issues: readonly ErrorIssue[]): string {
  const issue = issues.map(({ severity, code, text }) => {
    return { severity, code, ...(text === undefined ? {} : { details: { text }, diagnostics: text }) };
  });
  return JSON.stringify({ resourceType: 'OperationOutcome', issue });
}
