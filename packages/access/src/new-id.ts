import { randomUUIDv7 } from 'node:crypto';

/** `job_0192f3...`: sorted by creation, unguessable enough for a name (it is no secret), and free of `:` for BullMQ. */
export function newId(prefix: 'job' | 'conn' | 'auth' | 'sync' | 'sched' | 'erase'): string {
  return `${prefix}_${randomUUIDv7().replaceAll('-', '')}`;
}
