import {
  countsNothing,
  type FeatureData,
  forgetTexts,
  hasNoActiveWork,
  ownedRecords,
  restartRetention,
  retainsNothing,
  type StoreContext,
} from '@bulkhead/store';
import { AccessTokenRepository } from './access-token.repository.ts';
import { AuthorizationRequestRepository } from './authorization-request.repository.ts';
import { ConnectionRepository, connectionDocumentSchema } from './connection.repository.ts';
import { ConnectionDraftRepository } from './connection-draft.repository.ts';
import { SigningKeyRepository } from './signing-key.repository.ts';

export type ConnectionStore = ReturnType<typeof createConnectionStore>['repositories'];

export function createConnectionStore(context: StoreContext) {
  const { database } = context;
  const connections = new ConnectionRepository(context);
  const repositories = {
    connections,
    connectionDrafts: new ConnectionDraftRepository(context),
    accessTokens: new AccessTokenRepository({
      ...context,
      noteAuthorization: (change) => connections.noteAuthorization(change),
    }),
    authorizationRequests: new AuthorizationRequestRepository(context),
    signingKeys: new SigningKeyRepository(context),
  };
  const byId = (_id: string) => ({ _id });
  const owned = ownedRecords(database, [
    {
      ...{ collection: 'authorization_requests', kind: 'authorizationRequests' },
      // Of the connection that is authorized again, and of the one that was created.
      ofConnection: (connectionId) => ({ $or: [{ connectionId }, { 'result.connectionId': connectionId }] }),
    },
    {
      ...{ collection: 'connection_claims', kind: 'connectionClaims' },
      ofConnection: (connectionId) => ({ connectionId }),
    },
    { collection: 'access_tokens', kind: 'accessTokens', ofConnection: byId },
    { collection: 'connections', kind: 'connections', ofConnection: byId },
  ]);
  const data: FeatureData = {
    countOfPatient: countsNothing,
    countMentions: countsNothing,
    findActive: hasNoActiveWork,
    retention: retainsNothing,
    // Drafts have no data of patients and expire. Signing keys belong to the deployment.
    ...owned,
    async eraseConnection(pass) {
      await restartRetention(database);
      return owned.eraseConnection(pass);
    },
    erasePatient: ({ connectionId, patientId }) =>
      forgetTexts({
        ...{ database, collection: 'connections', schema: connectionDocumentSchema },
        ...{ filter: byId(connectionId), patientId },
      }),
    encryptedFields: Object.values(repositories).flatMap(({ encryptedFields }) => encryptedFields),
  };
  return { repositories, data };
}
