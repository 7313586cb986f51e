import type { Request, RequestHandler, Response } from 'express';
import type { AppliedFault } from './faults/fault.ts';
import { OutcomeError, outcomeReply } from './http/outcome.ts';
import { type Reply, sendReply } from './http/reply.ts';
import { authenticate } from './oauth/authenticate.ts';
import type { Simulator } from './simulator.ts';

/** What the middleware found out about a request before its handler runs. */
interface Exchange {
  readonly faults: readonly AppliedFault[];
  /** The request arrived at the second origin, which serves files and must not receive a token. */
  readonly onFileHost: boolean;
  /** The state of the rate budget. Added to every answer. */
  readonly rateHeaders: Readonly<Record<string, string>>;
}

const exchanges = new WeakMap<Response, Exchange>();

export function setExchange(res: Response, exchange: Exchange): void {
  exchanges.set(res, exchange);
}

export function exchangeOf(res: Response): Exchange {
  return exchanges.get(res) ?? { faults: [], onFileHost: false, rateHeaders: {} };
}

export interface HandleInput {
  readonly simulator: Simulator;
  readonly req: Request;
  readonly res: Response;
}

export type Handle = (input: HandleInput) => Reply | Promise<Reply>;

interface EndpointOptions {
  readonly simulator: Simulator;
  /** `none`: the handler authenticates the request itself, or the route is public. */
  readonly auth: 'token' | 'none';
  readonly handle: Handle;
}

/**
 * Turns a function that returns a `Reply` into an Express handler with authentication and the faults of the request.
 */
export function endpoint({ simulator, auth, handle }: EndpointOptions): RequestHandler {
  return async (req, res) => {
    const { faults, rateHeaders } = exchangeOf(res);
    const answered = await answer({ simulator, auth, handle, req, res });
    if (answered === 'gone') return;
    let reply = answered;
    for (const fault of faults) {
      const changed = await fault.changeReply?.(reply, { simulator, req, res });
      if (changed === 'gone') return;
      reply = changed ?? reply;
    }
    const wireFilters = faults.flatMap(({ wire }) => (wire ? [(body: AsyncIterable<Buffer>) => wire(body, res)] : []));
    await sendReply({ req, res, reply: { ...reply, headers: { ...rateHeaders, ...reply.headers } }, wireFilters });
  };
}

/** A client that accepts only `application/json`, as for a status, gets an OperationOutcome of this type. */
function negotiated(reply: Reply, req: Request): Reply {
  if (req.get('accept') !== 'application/json') return reply;
  return { ...reply, headers: { ...reply.headers, 'content-type': 'application/json' } };
}

async function answer({ auth, handle, ...input }: EndpointOptions & HandleInput): Promise<Reply | 'gone'> {
  const { simulator, req, res } = input;
  try {
    for (const fault of exchangeOf(res).faults) {
      await fault.prepare?.({ req, res, simulator });
      const instead = await fault.before?.({ req, res, simulator });
      if (instead) return instead;
    }
    if (auth === 'token') authenticate(simulator, req);
    return await handle(input);
  } catch (error) {
    if (error instanceof OutcomeError) return negotiated(outcomeReply(error), req);
    throw error;
  }
}
