import {
  countsNothing,
  defineFeature,
  type FeatureData,
  hasNoActiveWork,
  type RepositoriesOf,
  retainsNothing,
  type StoreContext,
} from '@bulkhead/store';
import { AnsweredRequestRepository } from './answered-request.repository.ts';
import { collections } from './collections.ts';

export const idempotencyFeature = defineFeature({
  collections,
  open(context: StoreContext) {
    const answeredRequests = new AnsweredRequestRepository(context);
    /** The copies of responses are not counted: what they show is stored elsewhere. */
    const forget = async ({ connectionId }: { readonly connectionId: string }): Promise<number> => {
      await answeredRequests.removeOfConnection(connectionId);
      return 0;
    };
    const data: FeatureData = {
      countOfConnection: countsNothing,
      countOfPatient: countsNothing,
      countMentions: countsNothing,
      findActive: hasNoActiveWork,
      retention: retainsNothing,
      eraseConnection: forget,
      // The response of a sync contains the patients that it was requested for.
      erasePatient: forget,
      encryptedFields: answeredRequests.encryptedFields,
    };
    return { repositories: { answeredRequests }, data: () => data };
  },
});

export type IdempotencyStore = RepositoriesOf<typeof idempotencyFeature>;
