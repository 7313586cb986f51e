import { ageChanges, makeDocument } from '@bulkhead/records/testing';
import { testWithBdt } from '@bulkhead/testing/test-with-bdt';
import { startApi } from '../../testing/start-api.ts';
import { storeDocument } from '../../testing/store-document.ts';

/**
 * FHIR Bulk Data 2.0.0, "Response - Complete Status": "HTTP Status Code of `200 OK`". The test expects 202 at the first request. The files of
 * these exports need no preparation, so they are complete at once.
 */
const completeAtOnce = 'expects that an export is still in progress when it is asked for the first time';

/**
 * FHIR Bulk Data 2.0.0, "Response - Complete Status": an item of `error` has `type` and `url`. The test looks for items that are themselves
 * OperationOutcomes. It runs because R4 has no search parameter `status` for Patient.
 */
const itemsAreFiles = 'expects that the items of `error` in a manifest are resources and not files';

testWithBdt({
  name: 'the API',
  disputed: { '4.0': completeAtOnce, '4.3': itemsAreFiles },
  async start(jwksUrl) {
    const api = await startApi({ env: { API_CLIENT_KEYS_PRIVATE_NETWORK: 'true' } });
    const connectionId = await api.createConnection();
    const types = ['Patient', 'Observation', 'DocumentReference'];
    await api.store.prepareResourceTypes(types);
    const subject = { reference: 'Patient/p1' };
    /** As EHRs send them: with the content inside, at the EHR, and relative to its base URL. */
    const attachments = {
      inline: { data: Buffer.from('A note.').toString('base64') },
      absolute: { url: 'https://ehr.example/fhir/Binary/scan' },
      relative: { url: 'Binary/letter' },
    };
    for (const resource of [
      ...['p1', 'p2', 'p3'].map((id) => ({ resourceType: 'Patient', id, active: true })),
      { resourceType: 'Observation', id: 'o1', status: 'final', code: { text: 'Weight' }, subject },
      ...Object.entries(attachments).map(([id, attachment]) => ({
        resourceType: 'DocumentReference',
        id,
        status: 'current',
        subject,
        content: [{ attachment: { contentType: 'text/plain', ...attachment } }],
      })),
    ])
      await api.store.resourceWriter.write(resource.resourceType, [makeDocument(resource, { connectionId })]);
    for (const id of ['absolute', 'relative'] as const) {
      const documentId = `doc_${id}`;
      await api.store.documents.note([
        {
          id: documentId,
          connectionId,
          resource: { type: 'DocumentReference', id },
          index: 0,
          ...attachments[id],
          fingerprint: id,
          state: 'pending',
          notes: [],
          attempts: 0,
          createdAt: new Date(),
        },
      ]);
      await storeDocument(api.store, { connectionId, id: documentId, text: `A ${id} one.`, storedType: 'text/plain' });
    }
    await ageChanges({ mongodbUri: api.env.MONGODB_URI ?? '', resourceTypes: types });
    const client = await api.request('POST', '/api/ehr/clients', { body: { name: 'bdt', jwksUrl } });
    return {
      fhirEndpoint: `${api.baseUrl}/api/ehr/athenahealth/fhir/${connectionId}`,
      groupId: connectionId,
      tokenEndpoint: `${api.baseUrl}/api/ehr/oauth/token`,
      clientId: client.body.data.id,
      [Symbol.asyncDispose]: () => api.stop(),
    };
  },
});
