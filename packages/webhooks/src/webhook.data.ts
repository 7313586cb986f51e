import {
  countsNothing,
  type Database,
  encryptsNothing,
  type FeatureData,
  forgetTexts,
  hasNoActiveWork,
  ownedRecords,
  RetentionPass,
  type RetentionStep,
} from '@bulkhead/store';
import { collections } from './collections.ts';
import { webhookDeliverySchema } from './webhook-delivery.record.ts';

export function createWebhookData({ database }: { readonly database: Database }): FeatureData<'webhook-delivery'> {
  return {
    countOfPatient: countsNothing,
    countMentions: countsNothing,
    findActive: hasNoActiveWork,
    encryptedFields: encryptsNothing,
    ...ownedRecords(database, [
      {
        collection: collections.webhookDeliveries,
        kind: 'webhookDeliveries',
        isCounted: true,
        ofConnection: (connectionId) => ({ connectionId }),
      },
    ]),
    erasePatient: ({ connectionId, patientId }) =>
      forgetTexts({
        database,
        collection: collections.webhookDeliveries,
        schema: webhookDeliverySchema,
        patientId,
        // A receiver is called at the URL of the request until it answers, for at most a day.
        filter: { connectionId, state: { $ne: 'pending' } },
      }),
    retention: { 'webhook-delivery': retainDeliveries(database) },
  };
}

/** Deletes webhook deliveries that have ended. */
function retainDeliveries(database: Database): RetentionStep {
  const old = (olderThan: Date) => ({ state: { $in: ['delivered', 'failed'] }, createdAt: { $lt: olderThan } });
  return new RetentionPass({ database, kind: 'webhook-delivery' }).stepOver({
    collection: collections.webhookDeliveries,
    filter: old,
    projection: { _id: 1 },
    async deleteDue(page, { olderThan }) {
      // The filter again: a delivery that an operator has just sent again is pending.
      const due = { _id: { $in: page.map(({ _id }) => _id) }, ...old(olderThan) };
      return (await database.collection<{ _id: string }>(collections.webhookDeliveries).deleteMany(due)).deletedCount;
    },
  });
}
