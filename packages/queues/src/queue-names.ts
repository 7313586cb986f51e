/** Concurrent jobs per process, by queue. */
export const concurrency = {
  // Kick-offs and polls only wait for the EHR.
  'bulk-export': 50,
  // Downloads use CPU and the database.
  'file-download': 4,
  // Steps mostly wait for the EHR. More steps than the budget's burst would only wait for the limiter.
  sync: 16,
  // Documents are last in the shared budget. More of them would only use memory while they wait for it.
  document: 4,
  // Webhooks wait for receivers, up to 15 s each.
  webhook: 16,
  connection: 4,
  maintenance: 1,
} as const;

/** Queues are shared by features: each has a bound, and operators can run and pause it apart from the others. */
export type QueueName = keyof typeof concurrency;
export const queueNames = Object.keys(concurrency) as [QueueName, ...QueueName[]];
