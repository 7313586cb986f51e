import { type FeatureData, noData, type StoreContext } from '@bulkhead/store';
import { ApiKeyRepository } from './api-key.repository.ts';
import { SessionRepository } from './session.repository.ts';

export type AccessStore = ReturnType<typeof createAccessStore>['repositories'];

export function createAccessStore({ database }: Pick<StoreContext, 'database'>) {
  const apiKeys = new ApiKeyRepository(database);
  const data: FeatureData = {
    ...noData,
    // Sessions refer to API keys only.
    async eraseConnection({ connectionId }) {
      await apiKeys.forgetConnection(connectionId);
      return 0;
    },
  };
  return { repositories: { apiKeys, sessions: new SessionRepository(database) }, data };
}
