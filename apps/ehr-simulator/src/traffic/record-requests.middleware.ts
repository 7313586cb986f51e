import type { Request, RequestHandler } from 'express';
import { type HandleInput, setExchange } from '../endpoint.ts';
import { requestParameters } from '../export/kick-off-parameters.ts';
import type { FaultySimulator } from '../faults/fault-board.ts';
import { outcomeReply } from '../http/outcome.ts';
import { sendReply } from '../http/reply.ts';
import type { RecordedRequest } from './traffic-recorder.ts';

const recordedHeaderNames = [
  'accept',
  'accept-encoding',
  'ah-practice',
  'content-type',
  'if-none-match',
  'if-range',
  'prefer',
  'range',
  'user-agent',
];

/**
 * Runs first for every request of the client: it records the request, counts it against the rate limit and takes its
 * faults. The file host represents a store without a rate limit, and the token endpoint has its own budget.
 */
export function recordRequests(simulator: FaultySimulator): RequestHandler {
  const { traffic, clock, options, faults } = simulator;
  return async (req, res, next) => {
    const atMs = clock.monotonic();
    // If the links of exports are at the second origin, it is a part of the EHR.
    const onFileHost = simulator.isFileHost(req) && options.linksAt !== 'other-origin';
    record({ simulator, req, res }, atMs);
    if (onFileHost && req.get('authorization') !== undefined) {
      traffic.recordViolation({ req, kind: 'token', reason: 'token sent to another origin' });
    }
    const counts = !onFileHost && !req.path.startsWith('/oauth2/');
    const verdict = counts ? traffic.arrive({ req, atMs }) : undefined;
    const rateHeaders = counts ? traffic.rateHeaders() : {};
    if (verdict?.breach && options.rateLimit) {
      const headers = { ...rateHeaders, 'retry-after': String(verdict.retryAfterSeconds) };
      const reply = outcomeReply({ status: 429, code: 'throttled', message: 'Too many requests.', headers });
      await sendReply({ req, res, reply });
      return;
    }
    setExchange(res, { faults: faults.take({ method: req.method, path: req.path }), onFileHost, rateHeaders });
    next();
  };
}

function record({ simulator: { traffic, clock, ...simulator }, req, res }: HandleInput, atMs: number): void {
  const entry: RecordedRequest = {
    method: req.method,
    path: req.path,
    onFileHost: simulator.isFileHost(req),
    arrivedAtMs: atMs,
    headers: recordedHeaders(req),
    authorized: req.get('authorization') !== undefined,
    parameters: Object.keys(req.query),
  };
  traffic.requests.push(entry);
  const writtenBefore = req.socket.bytesWritten;
  res.once('close', () => {
    entry.status = res.statusCode;
    if (req.method === 'POST' && req.path.endsWith('$export')) entry.parameters = bodyParameters(req);
    entry.complete = res.writableFinished;
    entry.bytesSent = req.socket.bytesWritten - writtenBefore;
    entry.durationMs = clock.monotonic() - atMs;
    simulator.stats.count({ status: res.statusCode, bytes: entry.bytesSent });
  });
}

function bodyParameters(req: Request): string[] {
  try {
    return requestParameters(req).map(([name]) => name);
  } catch {
    // The body is not a Parameters resource. The client received an error for it.
    return [];
  }
}

function recordedHeaders(req: Request): Record<string, string> {
  const headers = recordedHeaderNames.flatMap((name) => {
    const value = req.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  const [scheme] = (req.get('authorization') ?? '').split(' ', 1);
  return { ...Object.fromEntries(headers), ...(scheme ? { authorization: scheme } : {}) };
}
