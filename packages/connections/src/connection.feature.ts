import {
  countsNothing,
  defineFeature,
  type FeatureData,
  forgetTexts,
  ownedRecords,
  type RepositoriesOf,
  restartRetention,
  retainsNothing,
  type StoreContext,
} from '@bulkhead/store';
import { AccessTokenRepository } from './access-token.repository.ts';
import { AuthorizationRequestRepository } from './authorization-request.repository.ts';
import { collections } from './collections.ts';
import { ConnectionRepository, connectionDocumentSchema } from './connection.repository.ts';
import { ConnectionDraftRepository } from './connection-draft.repository.ts';
import { activeProbePhases, probeSchema } from './probe/probe.record.ts';
import { ProbeRepository } from './probe/probe.repository.ts';
import { ProviderFactsRepository } from './providers/provider-facts.repository.ts';
import { SigningKeyRepository } from './signing-key.repository.ts';

export const connectionFeature = defineFeature({
  collections,
  open(context: StoreContext) {
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
      probes: new ProbeRepository(context),
      providerFacts: new ProviderFactsRepository(context),
    };
    const byId = (_id: string) => ({ _id });
    const owned = ownedRecords(database, [
      {
        collection: collections.authorizationRequests,
        kind: 'authorizationRequests',
        // Of the connection that is authorized again, and of the one that was created.
        ofConnection: (connectionId) => ({ $or: [{ connectionId }, { 'result.connectionId': connectionId }] }),
      },
      {
        collection: collections.connectionKeys,
        kind: 'connectionKeys',
        ofConnection: (connectionId) => ({ connectionId }),
      },
      { collection: collections.connectionProbes, kind: 'connectionProbes', ofConnection: byId },
      { collection: collections.accessTokens, kind: 'accessTokens', ofConnection: byId },
      { collection: collections.connections, kind: 'connections', ofConnection: byId },
    ]);
    const data: FeatureData = {
      countOfPatient: countsNothing,
      countMentions: countsNothing,
      async findActive(connectionId) {
        const probe = await repositories.probes.find(connectionId);
        return probe && activeProbePhases.includes(probe.phase) ? { name: 'A probe', context: {} } : undefined;
      },
      retention: retainsNothing,
      // Drafts have no data of patients and expire. Signing keys belong to the deployment.
      ...owned,
      async eraseConnection(pass) {
        await restartRetention(database);
        return owned.eraseConnection(pass);
      },
      async erasePatient({ connectionId, patientId }) {
        const of = { database, filter: byId(connectionId), patientId };
        const inConnection = await forgetTexts({
          ...of,
          collection: collections.connections,
          schema: connectionDocumentSchema,
        });
        // A probe still needs the addresses of its exports.
        const filter = { ...of.filter, phase: { $nin: activeProbePhases } };
        return (
          inConnection +
          (await forgetTexts({ ...of, filter, collection: collections.connectionProbes, schema: probeSchema }))
        );
      },
      encryptedFields: Object.values(repositories).flatMap(({ encryptedFields }) => encryptedFields),
    };
    return { repositories, data: () => data };
  },
});

export type ConnectionStore = RepositoriesOf<typeof connectionFeature>;
