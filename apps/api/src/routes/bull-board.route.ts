import type { Producer } from '@bulkhead/queues';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import type { Router } from 'express';

export const bullBoardPath = '/admin/queues';

/** The operators' view of the queues. */
export function bullBoardRoute({ producer }: { readonly producer: Producer }): Router {
  const serverAdapter = new ExpressAdapter();
  serverAdapter.setBasePath(bullBoardPath);
  createBullBoard({ queues: producer.queues.map((queue) => new BullMQAdapter(queue)), serverAdapter });
  return serverAdapter.getRouter() as Router;
}
