import type { Connection as Database } from 'mongoose';
import { endOf, RetentionPass, type RetentionStep } from './retention-pass.ts';

/** Deletes webhook deliveries that are not tried any more. */
export function retainDeliveries(database: Database): RetentionStep {
  const pass = new RetentionPass({ database, kind: 'webhook-delivery' });
  return async (request) => {
    const { olderThan, limit } = request;
    const old = { state: { $in: ['delivered', 'failed'] }, createdAt: { $lt: olderThan } };
    return pass.advance(request, async (after) => {
      const deliveries = database.collection<{ readonly _id: string }>('webhook_deliveries');
      const page = await deliveries
        .find({ _id: { $gt: after }, ...old } as never, { projection: { _id: 1 } })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      const ids = page.map(({ _id }) => _id);
      // One that an operator has just sent again is pending.
      const { deletedCount } = await deliveries.deleteMany({ _id: { $in: ids }, ...old } as never);
      return { deleted: deletedCount, last: endOf(page, limit) };
    });
  };
}
