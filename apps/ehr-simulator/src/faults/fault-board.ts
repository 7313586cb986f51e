import type { Request } from 'express';
import type { ClaimedFault } from './fault.ts';
import { type FaultOrder, faultKinds } from './fault-order.ts';

export interface PostedFault extends FaultOrder {
  readonly id: number;
  /** Matching requests so far, including those that `after` skipped. */
  readonly matched: number;
  /** Requests that got the fault. */
  readonly applied: number;
}

type Posted = { -readonly [Key in keyof PostedFault]: PostedFault[Key] } & { readonly pathPattern: RegExp | undefined };

/** The faults that were ordered. Each request claims the matching ones, in the order in which they were posted. */
export class FaultBoard {
  private posted: Posted[] = [];
  private nextId = 1;

  post(order: FaultOrder): PostedFault {
    const { path } = order.match;
    const posted = {
      ...order,
      id: this.nextId,
      matched: 0,
      applied: 0,
      pathPattern: path === undefined ? undefined : new RegExp(path),
    };
    this.nextId += 1;
    this.posted.push(posted);
    return publicPart(posted);
  }

  list(): readonly PostedFault[] {
    return this.posted.map(publicPart);
  }

  clear(): void {
    this.posted = [];
  }

  claim(request: Pick<Request, 'method' | 'path'>): readonly ClaimedFault[] {
    const claimed = this.posted.filter((posted) => matches(posted, request) && spend(posted));
    return claimed.map(({ fault }) => create(fault));
  }
}

/** @returns true if the fault applies to this request. */
function spend(posted: Posted): boolean {
  posted.matched += 1;
  if (posted.matched <= posted.after) return false;
  if (posted.times !== 'always' && posted.applied >= posted.times) return false;
  posted.applied += 1;
  return true;
}

function matches({ match, pathPattern }: Posted, { method, path }: Pick<Request, 'method' | 'path'>): boolean {
  if (match.method !== undefined && match.method !== method) return false;
  if (pathPattern && !pathPattern.test(path)) return false;
  return match.type === undefined || typeOf(path) === match.type;
}

/** The resource type in a path: `/fhir/r4/Observation/...` or `/bulkdata/.../Observation.2.ndjson`. */
function typeOf(path: string): string | undefined {
  return /\/bulkdata\/[^/]+\/([A-Za-z]+)/.exec(path)?.[1] ?? /^\/fhir\/r4\/([A-Z][A-Za-z]+)/.exec(path)?.[1];
}

function create(fault: FaultOrder['fault']): ClaimedFault {
  const kind = faultKinds.find((candidate) => candidate.kind === fault.kind);
  if (!kind) throw new Error('A fault was posted whose kind is not registered.');
  return kind.create(fault);
}

function publicPart({ pathPattern: _, ...posted }: Posted): PostedFault {
  return posted;
}
