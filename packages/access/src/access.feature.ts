import {
  countsNothing,
  defineFeature,
  encryptsNothing,
  type FeatureData,
  hasNoActiveWork,
  keepsNoPatient,
  type RepositoriesOf,
  retainsNothing,
  type StoreContext,
} from '@bulkhead/store';
import { ApiKeyRepository } from './api-key.repository.ts';
import { BackendClientRepository } from './backend-client/backend-client.repository.ts';
import { ClientTokenRepository } from './backend-client/client-token.repository.ts';
import { collections } from './collections.ts';
import { SessionRepository } from './session.repository.ts';

export const accessFeature = defineFeature({
  collections,
  open({ database }: Pick<StoreContext, 'database'>) {
    const apiKeys = new ApiKeyRepository(database);
    const backendClients = new BackendClientRepository(database);
    const data: FeatureData = {
      countOfConnection: countsNothing,
      countOfPatient: countsNothing,
      countMentions: countsNothing,
      erasePatient: keepsNoPatient,
      findActive: hasNoActiveWork,
      retention: retainsNothing,
      encryptedFields: encryptsNothing,
      // Sessions refer to API keys only, and tokens to clients only.
      async eraseConnection({ connectionId }) {
        await apiKeys.forgetConnection(connectionId);
        await backendClients.forgetConnection(connectionId);
        return 0;
      },
    };
    const sessions = new SessionRepository(database);
    const clientTokens = new ClientTokenRepository(database);
    return { repositories: { apiKeys, sessions, backendClients, clientTokens }, data: () => data };
  },
});

export type AccessStore = RepositoriesOf<typeof accessFeature>;
