import type { JobSchedulerJson, Queue } from 'bullmq';

/**
 * The recurring jobs of a queue. BullMQ keeps one hash for each, and a sweep lists them every minute. A hash that was read is kept until
 * the time of its next iteration changes, so that the list costs one command and not one for each schedule.
 *
 * A change by another process that leaves this time as it is, is not seen here. The sweep then finds that the job differs from its
 * record, sets the schedule again, and this process forgets what it had read.
 */
export class ScheduledJobs {
  readonly #read = new Map<string, JobSchedulerJson>();

  async list(queue: Queue): Promise<JobSchedulerJson[]> {
    const idsAndTimes = await queue.backend.getJobSchedulersRange(0, -1, false);
    const times = new Map(
      Array.from({ length: idsAndTimes.length / 2 }, (_, index) => [
        idsAndTimes[2 * index] as string,
        Number(idsAndTimes[2 * index + 1]),
      ]),
    );
    const prefix = toKey(queue, '');
    for (const key of this.#read.keys())
      if (key.startsWith(prefix) && !times.has(key.slice(prefix.length))) this.#read.delete(key);
    const listed = await Promise.all([...times].map(([id, next]) => this.#find(queue, { id, next })));
    return listed.filter((scheduler) => scheduler !== undefined);
  }

  forget(queue: Queue, id: string): void {
    this.#read.delete(toKey(queue, id));
  }

  async #find(queue: Queue, { id, next }: { readonly id: string; readonly next: number }) {
    const key = toKey(queue, id);
    const known = this.#read.get(key);
    if (known?.next === next) return known;
    const scheduler = await queue.getJobScheduler(id);
    if (scheduler) this.#read.set(key, scheduler);
    return scheduler;
  }
}

function toKey({ name }: Queue, id: string): string {
  return `${name}/${id}`;
}
