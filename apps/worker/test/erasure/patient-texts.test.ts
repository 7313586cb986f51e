import { patientMarkOf, recordSchemas } from '@bulkhead/store';
import { createStore } from '@bulkhead/system';
import { expect, test } from '@jest/globals';
import type { z } from 'zod';

/**
 * The texts of stored records that an erasure of a patient need not search, each with its reason. Every other text is marked in its schema
 * (`quotesEhr`, `mayNamePatient`). So a new text needs a decision, and a mark that is lost, for instance because a schema replaces the field of
 * another one, is noticed.
 */
const unsearched: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'an id, a hash or a name that Bulkhead, an operator or an application made': {
    access_tokens: 'id lease.owner secretOrigin',
    answered_requests: 'id holder connectionId',
    api_keys: 'id name prefix connectionIds keyId',
    authorization_requests: 'id provider connectionId clientId startHash stateHash browserHash result.connectionId',
    backend_clients: 'id name scope connectionIds jwks.keys.kid jwksUrl secrets.id secrets.hash',
    bulk_exports:
      'id connectionId level provider request.cohort scheduleId startedBy requestKey lease.owner events.by events.fileId fileEvents.by fileEvents.fileId',
    client_tokens: 'id clientId scope secretHash',
    cohort_marks: 'id connectionId cohort exportId',
    cohorts: 'id connectionId name',
    connection_keys: 'id holder connectionId',
    connection_drafts: 'id test.id',
    connection_probes: 'id runId',
    connections: 'id name provider environment practiceId groupId webhookUrl auth lastTest.id lease.owner',
    crawl_marks: 'connectionId',
    document_contents: 'id connectionId sha256 upload parts',
    documents: 'id connectionId fingerprint progress.upload progress.fingerprint progress.parts sha256 claim exportId',
    encryption_keys: 'id',
    erasure_epochs: 'id',
    erasures: 'id connectionId readerKeyIds requestedBy.id requestedBy.name requestedBy.role waitsFor.id documentIds',
    export_slots: 'id holder connectionId',
    history_samples: 'id queues.queue budgets.name lags.connectionId',
    output_files: 'id exportId connectionId claim',
    process_states: 'id queues counts.provider encryptionKeyId',
    provider_facts: 'id',
    quarantine: 'id connectionId stepId runId fileId sha256',
    quarantine_usage: 'id',
    running_exports: 'id holder connectionId',
    running_syncs: 'id holder connectionId',
    schedules: 'id connectionId provider request.cohort starting.runId lastRun.runId',
    served_exports: 'id connectionId clientId',
    sessions: 'id keyId person.issuer person.subject person.name',
    signing_keys: 'id publicJwk',
    sync_runs: 'id connectionId provider scheduleId startedBy events.by searchEvents.by',
    sync_steps: 'id runId connectionId claim',
    used_assertions: 'id',
    watermarks: 'id connectionId exportId lacks.exportId',
    webhook_deliveries: 'id connectionId',
    writing_processes: 'id encryptionKeyId',
  },
  'a code, a type of FHIR, a scope, a time or a fact about a machine': {
    access_tokens: 'scope',
    authorization_requests: 'scope error.code',
    bulk_exports: `request.resourceTypes request.since transactionTime grantedScope offeredTypes storedBefore sent.since sent.types
      sent.refusedTypes sent.organizeOutputBy request.until request.organizeOutputBy exportScope lackedTypes slices.lackedTypes warnings.code error.code retrying.code watermarkDecisions.resourceType events.code slices.since slices.decisions.resourceType
      slices.reached.transactionTime slices.reached.coverage.scope slices.reached.coverage.offered slices.reached.coverage.types slices.shown.types
      events.resourceType fileEvents.code fileEvents.resourceType`,
    cohort_marks: 'types transactionTime coverage.scope coverage.offered coverage.types',
    connection_drafts: 'test.steps.code',
    connection_probes: 'facts error.code',
    connections: `scopeSearch.requested scopeSearch.granted scopeSearch.refused capabilities.fhirVersion capabilities.software capabilities.resourceTypes capabilities.searchTypes
      capabilities.patientSearchTypes capabilities.provenanceTypes lastTest.steps.code`,
    crawl_marks: 'marks',
    documents: 'error.code',
    erasures:
      'found.resources found.records deleted.resources deleted.records warnings.code error.code waitsFor.kind waitsFor.host',
    history_samples: 'volumes.resourceType',
    output_files:
      'type listedTypes checkpoint.types checkpoint.issues.types checkpoint.issues.mentionedTypes retrying.code error.code',
    process_states: 'host version down',
    provider_facts: 'file',
    quarantine: 'resourceType reason replay.reason',
    schedules: 'request.resourceTypes cron timeZone lastRun.reason',
    served_exports: 'types typeFilters.type parts.type',
    sync_runs: `request.resourceTypes request.since types referenceMarks counted.types.resourceType skipped.resourceType skipped.reason error.code warnings.code events.code
      events.resourceType searchEvents.code searchEvents.resourceType refusedTypes.code refusedTypes.resourceType`,
    sync_steps: 'searches.resourceType searches.error.code retrying.code retrying.resourceType',
    watermarks: 'resourceType transactionTime coverage.scope coverage.offered coverage.types',
    webhook_deliveries: 'type',
    writing_processes: 'kind host boot pidNamespace',
  },
  'encrypted: a secret, or content that the erasure decrypts and searches': {
    access_tokens: 'encryptedAccessToken encryptedRefreshToken',
    answered_requests: 'encrypted',
    authorization_requests: 'encrypted',
    connection_drafts: 'encrypted',
    connections: 'encryptedSecret encryptedPrivateJwk encryptedWebhookSecret',
    document_contents: 'inline.encryptedKey inline.bytes',
    encryption_keys: 'encryptedCheck',
    quarantine: 'encryptedBytes encryptedFile encryptedCorrection',
    signing_keys: 'encryptedPrivateJwk',
  },
  'the record is deleted with the patient': {
    crawl_marks: 'id',
    documents: `resource.type resource.id resource.versionId patientId url contentType title declaredHash progress.etag storedType`,
  },
  'the id of a patient, which is removed from the list': {
    cohorts: 'patients',
    cohort_marks: 'patients',
    watermarks: 'lacks.patient',
  },
  'removed from the record when the erasure is completed': { erasures: 'patientId binaryIds' },
  'about the connection: one that is about a patient is purged as a whole': {
    access_tokens: 'failure',
    authorization_requests: 'redirectUri fhirEndpoint endpoints error.message',
    connections: 'fhirEndpoint origins aliases userId',
  },
  'removed by each erasure, and made again from other records within a minute': {
    health_reports: `id checks.action checks.groups.cause checks.groups.connectionIds checks.groups.key checks.groups.lastSeen checks.groups.since
      checks.groups.subjects.code checks.groups.subjects.connectionId checks.groups.subjects.connectionName checks.groups.subjects.id
      checks.groups.subjects.provider checks.groups.subjects.reason checks.groups.subjects.since checks.id checks.reason checks.title
      connections.connectionId connections.lastExport.code connections.lastExport.id connections.lastExport.provider
      connections.lastExport.status`,
  },
  'made by Bulkhead from ids and counts': { erasures: 'error.message', webhook_deliveries: 'body' },
};

test('every text of every stored record can be searched for a patient, or has a reason why it need not be', () => {
  createStore({ uri: 'mongodb://127.0.0.1', encryptionKey: Buffer.alloc(32) });
  const unmarked = [...recordSchemas].flatMap(([collection, schema]) =>
    [...new Set(unmarkedTexts(schema, ''))].map((path) => `${collection}.${path}`),
  );
  const named = Object.values(unsearched).flatMap((collections) =>
    Object.entries(collections).flatMap(([collection, paths]) =>
      paths.split(/\s+/).map((path) => `${collection}.${path}`),
    ),
  );
  expect(unmarked.toSorted()).toEqual(named.toSorted());
  expect(new Set(named).size).toBe(named.length);
});

interface Parts {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly keyType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
}

/** The paths of texts without a mark. A value of unknown type can have any text. */
function unmarkedTexts(schema: z.ZodType, path: string): string[] {
  if (patientMarkOf(schema) !== undefined) return [];
  const { type, shape = {}, element, innerType, keyType, valueType, options = [] } = schema.def as Parts;
  if (['string', 'unknown', 'any', 'custom'].includes(type)) return [path];
  const members = Object.entries(shape).flatMap(([name, member]) =>
    unmarkedTexts(member, path === '' ? name : `${path}.${name}`),
  );
  const parts = [element, innerType, keyType, valueType, ...options].filter((part) => part !== undefined);
  return [...members, ...parts.flatMap((part) => unmarkedTexts(part, path))];
}
