import type { Request } from 'express';
import type { Simulator } from '../simulator.ts';
import type { AppliedFault } from './fault.ts';
import { type FaultOrder, faultKinds } from './fault-order.ts';

export interface PostedFault extends FaultOrder {
  readonly id: number;
  /** Matching requests so far, including those that `after` skipped. */
  matched: number;
  /** Requests that got the fault. 1 if it took effect when it was ordered. */
  applied: number;
}

/** A simulator with the faults that were ordered. The faults themselves use a simulator without them. */
export interface FaultySimulator extends Simulator {
  readonly faults: FaultBoard;
}

/** The faults that were ordered. Each request takes the matching ones, in the order in which they were posted. */
export class FaultBoard {
  #posted: PostedFault[] = [];
  #nextId = 1;

  /** @throws Error that says what is wrong with the order. */
  async post(order: FaultOrder, simulator: Simulator): Promise<PostedFault> {
    const { onOrder } = create(order.fault);
    await onOrder?.(simulator);
    const posted = { ...order, id: this.#nextId, matched: 0, applied: onOrder ? 1 : 0 };
    this.#nextId += 1;
    this.#posted.push(posted);
    return posted;
  }

  list(): readonly PostedFault[] {
    return this.#posted;
  }

  clear(): void {
    this.#posted = [];
  }

  take(request: Pick<Request, 'method' | 'path'>): readonly AppliedFault[] {
    const taken = this.#posted.filter((posted) => matches(posted, request) && spend(posted));
    return taken.map(({ fault }) => create(fault));
  }
}

/** @returns true if the fault applies to this request. */
function spend(posted: PostedFault): boolean {
  posted.matched += 1;
  if (posted.matched <= posted.after) return false;
  if (posted.times !== 'always' && posted.applied >= posted.times) return false;
  posted.applied += 1;
  return true;
}

function matches({ match }: PostedFault, { method, path }: Pick<Request, 'method' | 'path'>): boolean {
  if (match.method !== undefined && match.method !== method) return false;
  if (match.path !== undefined && !new RegExp(match.path).test(path)) return false;
  return match.type === undefined || typeOf(path) === match.type;
}

/** The resource type in a path: `/fhir/r4/Observation/...` or `/bulkdata/.../Observation.2.ndjson`. */
function typeOf(path: string): string | undefined {
  return /\/bulkdata\/[^/]+\/([A-Za-z]+)/.exec(path)?.[1] ?? /^\/fhir\/r4\/([A-Z][A-Za-z]+)/.exec(path)?.[1];
}

function create(fault: FaultOrder['fault']): AppliedFault {
  const kind = faultKinds.find((candidate) => candidate.kind === fault.kind);
  if (!kind) throw new Error('A fault was posted whose kind is not registered.');
  return kind.create(fault);
}
