import type { Request, RequestHandler, Response } from 'express';
import { authenticate } from '../oauth/authenticate.ts';
import type { Simulator } from '../simulator.ts';
import { exchangeOf } from './exchange.ts';
import { OutcomeError } from './outcome-error.ts';
import { outcomeReply } from './outcome-reply.ts';
import type { Reply } from './reply.ts';
import { sendReply } from './send-reply.ts';

export interface EndpointOptions {
  readonly simulator: Simulator;
  /** `none`: the handler looks after it, or the route is public. */
  readonly auth: 'token' | 'none';
  readonly handle: (req: Request, res: Response) => Reply | Promise<Reply>;
}

/** An Express handler from one that returns a `Reply`; applies authentication and the faults ordered for the request. */
export function endpoint({ simulator, auth, handle }: EndpointOptions): RequestHandler {
  return async (req, res) => {
    const { faults, rateHeaders } = exchangeOf(res);
    const answered = await answer({ simulator, auth, handle, req, res });
    if (answered === 'gone') return;
    let reply = answered;
    for (const fault of faults) {
      const changed = await fault.changeReply?.({ reply, simulator, req });
      if (changed === 'gone') return;
      reply = changed ?? reply;
    }
    const wireFilters = faults.flatMap(({ wire }) =>
      wire ? [(body: AsyncIterable<Buffer>) => wire({ body, res })] : [],
    );
    await sendReply({ req, res, reply: { ...reply, headers: { ...rateHeaders, ...reply.headers } }, wireFilters });
  };
}

interface AnswerInput extends EndpointOptions {
  readonly req: Request;
  readonly res: Response;
}

async function answer({ simulator, auth, handle, req, res }: AnswerInput): Promise<Reply | 'gone'> {
  try {
    for (const fault of exchangeOf(res).faults) {
      const instead = await fault.before?.({ req, res, simulator });
      if (instead) return instead;
    }
    if (auth === 'token') authenticate({ simulator, req });
    return await handle(req, res);
  } catch (error) {
    if (error instanceof OutcomeError) return outcomeReply(error);
    throw error;
  }
}
