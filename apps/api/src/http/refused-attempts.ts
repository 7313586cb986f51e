import type { NewAuditEvent } from '@bulkhead/access';
import type { AuditService } from '@bulkhead/access/commands';
import type { Logger } from '@bulkhead/runtime';

/** One attempt to get in. */
export interface RefusedAttempt {
  /** `authenticate`, or `session.login`. */
  readonly action: string;
  readonly address: string;
  readonly code: string;
  /** Of a key that is expired or revoked. */
  readonly keyId?: string | undefined;
}

/** Of a minute's attempts from one address the first and the sum are written: an attacker must not be able to fill the disk. */
const windowMs = 60_000;
/** Beyond it, attempts are counted together: an attacker can have more addresses than that. */
const maxAddresses = 1000;
const otherAddresses = 'others';

/** Audit events of refused attempts. A crash loses at most a minute's sums, never that there was an attempt. */
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

  note(given: RefusedAttempt): void {
    const attempt = this.#isFull(given) ? { action: given.action, code: given.code, address: otherAddresses } : given;
    const key = keyOf(attempt);
    const known = this.#counts.get(key);
    if (known) {
      known.count++;
      return;
    }
    // The first is written at once, so what is left to count begins at none.
    this.#counts.set(key, { attempt, count: 0 });
    void this.#write(attempt, 1);
  }

  /** Writes what has come since the first of each, and begins anew. */
  async flush(): Promise<void> {
    const counted = [...this.#counts.values()].filter(({ count }) => count > 0);
    this.#counts.clear();
    await Promise.all(counted.map(({ attempt, count }) => this.#write(attempt, count)));
  }

  #isFull(attempt: RefusedAttempt): boolean {
    return this.#counts.size >= maxAddresses && !this.#counts.has(keyOf(attempt));
  }

  /** The attempt was refused either way: nothing depends on its event. */
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
