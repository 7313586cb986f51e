import { createHash, randomBytes, randomUUIDv7 } from 'node:crypto';

/** 256 random bits for a URL or a cookie. Only its hash is stored. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

/** `job_0192f3...`: sorted by creation, hard to guess (although it is not a secret), and without `:`, which BullMQ does not allow. */
export function newId(prefix: 'job' | 'conn' | 'auth' | 'sync' | 'sched' | 'erase'): string {
  return `${prefix}_${randomUUIDv7().replaceAll('-', '')}`;
}
