import type { AppError } from '@bulkhead/base';
import { type EhrSession, ehrError, type SessionRequest } from '@bulkhead/ehr';
import type { Probe } from '../../probe/probe.record.ts';
import type { ConnectionDeps } from '../deps.ts';

/** Ends a probe early. What it has measured is kept. */
export class ProbeStop extends Error {
  readonly reason: 'cancelled' | 'limit' | 'taken-over';

  constructor(reason: 'cancelled' | 'limit' | 'taken-over') {
    super(reason);
    this.reason = reason;
  }
}

/** The head of a response. */
export interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** A redirect or a new token can make a request of two or three. */
const sparedRequests = 3;
/** Discovery, and a token that may be requested twice. */
export const tokenRequests = 3;

/** A second request without any answer says that no further one will help. */
const maxSilent = 2;

export type LimitedSession = ReturnType<typeof limitSession>;

function silentEhr(): AppError {
  const message = 'The EHR answered none of the last requests. Test the connection, then start the probe again.';
  return ehrError('ehr-unreachable', { message });
}

/** A session that counts its requests in the record of the probe, stops at its limits, and remembers the heads of all responses. */
export function limitSession(options: {
  readonly session: EhrSession;
  readonly probe: Probe;
  readonly store: ConnectionDeps<'probes'>['store'];
  readonly signal: AbortSignal;
}) {
  const { session, probe, store, signal } = options;
  const heads: Head[] = [];
  let silent = 0;
  let unwritten = 0;
  /** @throws ProbeStop */
  const check = async (needed: number): Promise<Probe> => {
    signal.throwIfAborted();
    const current = await store.probes.count(probe, { requests: unwritten });
    unwritten = 0;
    if (!current) throw new ProbeStop('taken-over');
    if (current.isCancelled) throw new ProbeStop('cancelled');
    // Each export that it has started still has to be deleted.
    const reserved = current.openExports.length + sparedRequests;
    if (current.used.requests + needed + reserved > current.limits.requests) throw new ProbeStop('limit');
    return current;
  };
  const send: EhrSession['send'] = async (request: SessionRequest) => {
    // Deletions have their requests reserved.
    if (request.method !== 'DELETE') await check(1);
    if (silent >= maxSilent) throw silentEhr();
    const headsBefore = heads.length;
    try {
      return await session.send({
        ...request,
        retries: 0,
        onSend: () => {
          unwritten += 1;
        },
        onHead: ({ status, headers }) => {
          heads.push({ status, headers: headers as Head['headers'] });
        },
      });
    } finally {
      silent = heads.length === headsBefore ? silent + 1 : 0;
    }
  };
  return {
    session: { ...session, send } as EhrSession,
    heads,
    check,
    isSilent: () => silent >= maxSilent,
    lastHead: () => heads.at(-1),
    /** The time of the last response. Undefined if it had none. */
    clock(): Date | undefined {
      const time = Date.parse(heads.at(-1)?.headers.date ?? '');
      return Number.isNaN(time) ? undefined : new Date(time);
    },
    /** Writes what was counted since the last request. */
    async flush(): Promise<void> {
      await store.probes.count(probe, { requests: unwritten });
      unwritten = 0;
    },
    note: (requests: number) => {
      unwritten += requests;
    },
  };
}
