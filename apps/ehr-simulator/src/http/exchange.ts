import type { Response } from 'express';
import type { ClaimedFault } from '../faults/fault.ts';

/** What the middleware learned about a request before its handler runs. */
export interface Exchange {
  readonly faults: readonly ClaimedFault[];
  /** The request came to the second origin, which serves files and wants no token. */
  readonly onFileHost: boolean;
  /** Added to every answer: the state of the rate budget. */
  readonly rateHeaders: Readonly<Record<string, string>>;
}

const exchanges = new WeakMap<Response, Exchange>();

export function setExchange({ res, exchange }: { readonly res: Response; readonly exchange: Exchange }): void {
  exchanges.set(res, exchange);
}

export function exchangeOf(res: Response): Exchange {
  return exchanges.get(res) ?? { faults: [], onFileHost: false, rateHeaders: {} };
}
