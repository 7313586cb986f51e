import type { NewAuditEvent } from '@bulkhead/access/audit';
import type { AuditService } from '@bulkhead/access/audit/commands';
import type { ErrorCode, Logger } from '@bulkhead/base';
import type { actionsWithoutEndpoint } from './actions.ts';
import { networkOf } from './limits/request-limits.ts';

/** A request or a login with a key that was refused. */
export interface RefusedAttempt {
  /** `authenticate`, or `session.login`. */
  readonly action: (typeof actionsWithoutEndpoint)[number];
  readonly address: string;
  readonly code: ErrorCode;
  /** The id of the key, if it is expired or revoked. */
  readonly keyId?: string | undefined;
}

/**
 * For each network and hour only the first attempt and the sum are recorded. The events of a process then take some 4 MB a day at most, and
 * are kept for six years, so that an attacker cannot fill the disk.
 */
const windowMs = 60 * 60_000;
/** Attempts from further networks are counted together, because an attacker can have more networks than this. */
const maxNetworks = 100;
const otherNetworks = 'others';

/** Records audit events of refused attempts. A crash loses at most the sums of an hour, but never the first attempt. */
export class RefusedAttempts {
  readonly #audit: Pick<AuditService, 'append'>;
  readonly #logger: Logger;
  readonly #counts = new Map<string, { readonly attempt: RefusedAttempt; count: number }>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ audit, logger }: { readonly audit: Pick<AuditService, 'append'>; readonly logger: Logger }) {
    this.#audit = audit;
    this.#logger = logger;
  }

  start(): void {
    this.#timer = setInterval(() => void this.flush(), windowMs).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  note({ address, ...rest }: RefusedAttempt): void {
    const attempt = { ...rest, address: networkOf(address) };
    const counted = this.#isFull(attempt)
      ? { action: attempt.action, code: attempt.code, address: otherNetworks }
      : attempt;
    const key = keyOf(counted);
    const earlier = this.#counts.get(key);
    if (earlier) {
      earlier.count++;
      return;
    }
    // The first attempt is recorded at once, so the count of further attempts starts at zero.
    this.#counts.set(key, { attempt: counted, count: 0 });
    void this.#write(counted, 1);
  }

  /** Records the attempts since the first of each kind, and resets the counts. */
  async flush(): Promise<void> {
    const counted = [...this.#counts.values()].filter(({ count }) => count > 0);
    this.#counts.clear();
    await Promise.all(counted.map(({ attempt, count }) => this.#write(attempt, count)));
  }

  #isFull(attempt: RefusedAttempt): boolean {
    return this.#counts.size >= maxNetworks && !this.#counts.has(keyOf(attempt));
  }

  /** The attempt was refused in any case, so an error here is only logged. */
  async #write({ action, address, code, keyId }: RefusedAttempt, count: number): Promise<void> {
    const event: NewAuditEvent = {
      actor: { kind: 'nobody', id: 'nobody' },
      action,
      target: keyId === undefined ? {} : { keyId },
      outcome: 'refused',
      code,
      address,
      count,
    };
    await this.#audit.append(event).catch((error: unknown) => this.#logger.error('audit event not stored', { error }));
  }
}

function keyOf({ action, address, code, keyId = '' }: RefusedAttempt): string {
  return [action, address, code, keyId].join(' ');
}
