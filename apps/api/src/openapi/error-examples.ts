import { type AppError, validate } from '@bulkhead/runtime';
import { connectionId, exportId, runId } from '../endpoints/common.schema.ts';
import type { Endpoint, ErrorCode } from '../http/define-endpoint.ts';
import { readQuery } from '../http/read-query.ts';

interface ErrorExample {
  readonly message: string;
  readonly details?: unknown;
  /** The endpoints that send this message. By default all endpoints that can return the code. */
  readonly of?: readonly string[];
}

/**
 * The messages that the API sends with each code, and examples of their details, for the OpenAPI document. `answerFault` compares every
 * error of a test with this list. A string is an example with only a message.
 */
const errorExamples: Readonly<Record<ErrorCode, readonly (string | ErrorExample)[]>> = {
  'invalid-request': [
    {
      message: 'The request is not valid. Correct what `details` lists and send it again.',
      details: [{ path: 'connectionId', message: 'is required' }],
    },
    'The address contains an invalid percent encoding. Encode it as UTF-8: each byte is a "%" and two hexadecimal digits.',
  ],
  'not-json': [
    'The body is not a JSON object. Send a JSON object with Content-Type: application/json.',
    'The body is nested more than 20 levels deep. Send a flatter JSON object.',
  ],
  'unknown-issuer': [
    'The launch came from an EHR that is not in the provider registry. If you trust this EHR, add it as an environment of its provider.',
  ],
  'authorization-unknown': [
    'This browser has no open authorization that matches this answer. Allow cookies, start the authorization again, and complete it in the same browser within ten minutes.',
  ],
  'authorization-refused': [
    'The EHR did not authorize the application (access_denied): the user did not agree, or is not allowed to. Start the authorization again to ask once more.',
  ],
  unauthenticated: [
    'The request has no valid API key. Send `Authorization: Bearer <key>`, or log in at /login in a browser. An operator creates keys with `create-api-key`.',
  ],
  'api-key-expired': [
    'The API key has expired. Ask an operator for a new one (POST /api/ehr/api-keys, or the command `create-api-key`).',
  ],
  'api-key-revoked': ['The API key was revoked. Ask an operator for a new one.'],
  forbidden: ['This needs the API key of an operator, and yours is a client key. Use the key of an operator.'],
  'cross-site-request': [
    'The request did not come from a page of this server. A program sends `Authorization: Bearer <key>` and no cookie.',
  ],
  'unknown-route': [
    'This address does not exist. See /docs for the endpoints, or open / in a browser for the console.',
  ],
  'unknown-provider': ['The provider is unknown. Use one of these: athenahealth.'],
  'connection-name-taken': ['Another connection has this name. Choose a different name.'],
  'connection-exists': [
    {
      message:
        'A connection for this provider, environment and practice or group exists already. Use it, or send `force: true` to create a second one.',
      details: { connectionId },
    },
  ],
  'connection-test-pending': [
    'The EHR has not answered yet. Test again in a minute, or save the connection and test it then.',
  ],
  'unknown-connection': [
    'No connection has this id. List them with GET /api/ehr/connections, or create one with POST.',
    {
      message:
        'No connection has this id, and no data is stored for it. List connections with GET /api/ehr/connections.',
      of: ['countConnectionData', 'deleteConnection', 'countPatientData', 'erasePatient', 'letPatientIn'],
    },
  ],
  'unknown-export': [
    'No export has this id. Use the `id` from the response that started it. Ended exports are deleted after a time.',
    {
      message:
        'No export and no sync run has this id. Use the `id` from the response that started it. Ended ones are deleted after a time.',
      of: ['replayQuarantinedLines'],
    },
  ],
  'unknown-file': [
    'No file of an export has this id. Copy the id from the list of files of the export. It is deleted with its export.',
  ],
  'unknown-line': ['No line in the quarantine has this id. List the lines with GET /api/ehr/quarantine.'],
  'unknown-run': [
    'No sync run has this id. Use the `id` from the response that started it, or list the runs. Ended runs are deleted after a time.',
  ],
  'unknown-delivery': ['No delivery has this id. List them with GET /api/ehr/webhook-deliveries.'],
  'unknown-schedule': [
    'No schedule has this id. List the schedules with GET /api/ehr/schedules, or create one with POST.',
  ],
  'unknown-signing-key': ['No signing key has this `kid`. List them with GET /api/ehr/signing-keys.'],
  'unknown-resource': ['No such resource is stored for this connection. Verify the type and the id.'],
  'unknown-document': [
    'No document has this id. List the documents with GET /api/ehr/{provider}/documents?connectionId=...',
  ],
  'unknown-api-key': ['No API key has this id. List them with GET /api/ehr/api-keys.'],
  'unknown-erasure': ['No erasure has this id. List them with GET /api/ehr/erasures.'],
  'unknown-process': [
    'The erasure does not wait for this process. See `waitsFor` of the erasure: the process may have reported.',
  ],
  'method-not-allowed': ['This address does not support PATCH. Use GET, DELETE.'],
  'export-already-running': [
    {
      message: 'The same export is already running for this connection. Wait for it to end, or cancel it first.',
      details: { exportId },
    },
    {
      message: "The schedule's last export is still running. Wait for it to end, or cancel it first.",
      details: { exportId },
      of: ['runSchedule'],
    },
  ],
  'connection-in-use': [
    {
      message:
        'An export of this connection is running. Cancel it, or wait until it has ended. Then delete the connection.',
      details: { exportId },
      of: ['deleteConnection'],
    },
    {
      message:
        'An export of this connection is running and could store the patient again. Cancel it, or wait until it has ended. Then erase the patient.',
      details: { exportId },
      of: ['erasePatient'],
    },
  ],
  'connection-of-patient': ['The connection is about this patient. Delete the connection with `data=purge` instead.'],
  'signing-key-in-use': [
    {
      message:
        'The key is in use. Create another key, activate it or wait an hour, then retire this key and delete it ten minutes later.',
      of: ['retireSigningKey', 'deleteSigningKey'],
    },
    {
      message: 'The key is retired and cannot sign again. Create another key with POST /api/ehr/signing-keys.',
      of: ['activateSigningKey'],
    },
  ],
  'not-authorizable': ['The connection does not use `authorization_code`, so it needs no authorization by a user.'],
  'redirect-uri-missing': [
    'The provider has no redirect URI. Set ATHENAHEALTH_REDIRECT_URI to https://<this API>/api/ehr/callback, the address that is registered at the EHR.',
  ],
  'export-ended': ['The export has ended, so there is nothing to cancel. What it stored stays.'],
  'sync-already-running': [
    {
      message: 'A sync of this connection is already running. Wait for it to end, or cancel it first.',
      details: { syncRunId: runId },
    },
  ],
  'sync-ended': ['The run has ended, so there is nothing to cancel. What it stored stays.'],
  'sync-cancelled': [
    {
      message: 'The run was cancelled. Resources that it stored until then are kept.',
      details: { syncRunId: runId, standardResources: 812, enhancedResources: 0, total: 812, id: runId, skipped: [] },
    },
  ],
  'idempotency-key-in-use': [
    'The first request with this Idempotency-Key has not ended yet. Send the request again later, with the same key, to get its answer.',
  ],
  'answer-not-repeated': [
    {
      message:
        'The first request with this Idempotency-Key was carried out. Its answer contained a secret, which is not stored, so it cannot be sent again. `details` has the ids of the record that it created. If you did not receive the secret, delete that record, and create another one with a new key.',
      details: { id: 'key_01a20ebbc9477ed4b36076ce74bec9ba' },
    },
  ],
  'nothing-to-retry': [
    { message: 'Nothing in this run failed, or the run was cancelled. Start a new one.', of: ['retrySyncRun'] },
    { message: 'The document is neither failed nor skipped, so there is nothing to retry.', of: ['retryDocument'] },
    {
      message:
        'Every file of this export is stored, so there is nothing to retry. Start a new export to get later changes.',
      details: { exportId, phase: 'completed' },
      of: ['retryBulkExport'],
    },
    {
      message: 'A cancelled export cannot be retried, because its data at the EHR is deleted. Start a new export.',
      details: { exportId, phase: 'cancelled' },
      of: ['retryBulkExport'],
    },
  ],
  'document-not-stored': [
    {
      message: 'The content of the document is not stored. `details` has its state, and the reason if there is one.',
      details: { state: 'skipped', reason: 'too-large' },
    },
  ],
  'last-operator-key': [
    'This is the last active operator key. Without it no new key could be created. Create another operator key first.',
  ],
  'line-truncated': [
    'Only a part of this line was kept, so it cannot be stored as it is. Send the whole corrected line as the body, or start a new export.',
  ],
  'line-not-kept': [
    'The quarantine had no room left for lines of this export, so only the position, size and hash of this line were kept. Start a new export after the EHR has fixed its lines.',
  ],
  'line-erased': [
    'The line belonged to a patient who was erased, so its content was deleted. Only its position is left.',
  ],
  'history-expired': [
    'Tombstones of deletions after this time were deleted. Read the type whole, then continue with a later time.',
  ],
  'resource-deleted': ['The resource was deleted at the EHR.'],
  'authorization-used': ['This address was already opened, or is older than ten minutes. Ask for a new one.'],
  'body-too-large': [
    'The body is larger than 100 KB, the limit of this address. Send a smaller body.',
    {
      message: 'The body is larger than 10240 KB, the limit of this address. Send a smaller body.',
      of: ['replayQuarantinedLine'],
    },
  ],
  'range-not-satisfiable': [
    'The requested range begins after the end of the document. See Content-Range for its length.',
  ],
  'idempotency-key-reused': ['This Idempotency-Key was used for a different request. Use a new key for each request.'],
  'sync-incomplete': [
    {
      message:
        "Searches failed: Observation (3). The first error: The EHR failed to answer. The request will be retried. If it keeps failing, check the EHR's status page.",
      details: {
        syncRunId: runId,
        standardResources: 3719,
        enhancedResources: 1201,
        total: 4920,
        id: runId,
        skipped: [],
      },
    },
  ],
  'authorization-failed': [
    {
      message:
        'The EHR refused to issue an access token. Verify client id, credentials and scope of the connection. Then start the authorization again.',
      details: { reason: 'token-refused' },
    },
  ],
  'search-too-costly': [
    'The search took too much time in the database and was stopped. Narrow it by patient, code or date, or leave _total out.',
  ],
  'too-many-requests': [
    'Too many requests with this key. Wait as long as `Retry-After` says, or ask an operator for a key with a higher limit.',
    'Too many requests without a valid key came from this address. Find the program that sends them and correct its key.',
    {
      message: 'Too many authorizations came from this address. Wait a minute and try again.',
      of: ['startAuthorization', 'launch', 'authorizationCallback'],
    },
    {
      message: 'Too many launches were started in the last minute. Wait a minute and try again.',
      of: ['launch'],
    },
    {
      message:
        'Too many tests of connections with this key: each needs a new token of the EHR. Wait as long as `Retry-After` says, and read `lastTest` of the connection until then.',
      of: ['testConnection'],
    },
    {
      message:
        'Too many event streams are open with this key. Close some of them, or poll the endpoints without `/events`.',
      of: ['watchBulkExport', 'watchBulkExports', 'watchSyncRun', 'watchRateBudgets'],
    },
  ],
  unavailable: [
    'The database is unavailable, so nothing was accepted. Send the request again in a few seconds.',
    'A server that this service depends on is unavailable, so nothing was accepted. Send the request again in a few seconds.',
  ],
  'capabilities-unknown': [
    'The EHR has not answered yet. Try again in a few seconds. If the error persists, check the FHIR endpoint of the connection.',
  ],
  'authorization-pending': [
    'No worker has asked the EHR yet. Check the connections in a minute. If the connection is not authorized by then, start again.',
  ],
  'audit-unavailable': [
    'The request may have been carried out, but it could not be recorded in the audit log, so no result is shown. Check the current state before you send the request again.',
  ],
  'console-not-built': [
    'The console was not built. Run `pnpm build`, or set CONSOLE_DIR to the folder of a built console.',
  ],
};

/** Codes whose message contains values, or is that of another error. Their examples are one of many. */
const varying: ReadonlySet<ErrorCode> = new Set([
  'unknown-provider',
  'method-not-allowed',
  'authorization-refused',
  'authorization-failed',
  'redirect-uri-missing',
  'connection-in-use',
  'sync-incomplete',
  'sync-cancelled',
]);

function examplesOf(code: ErrorCode): ErrorExample[] {
  return errorExamples[code].map((example) => (typeof example === 'string' ? { message: example } : example));
}

/** The examples of a code that an endpoint can return. */
export function errorExamplesOf(code: ErrorCode, endpoint: Endpoint): readonly ErrorExample[] {
  const all = examplesOf(code);
  const own = all.filter(({ of }) => of?.includes(endpoint.id));
  const examples = own.length > 0 ? own : all.filter(({ of }) => of === undefined);
  if (code !== 'invalid-request') return examples;
  return examples.map((example) => (example.details ? { ...example, details: faultsOf(endpoint) } : example));
}

/** The faults that the endpoint reports for an empty body or query, or for a query parameter that it does not have. */
function faultsOf(endpoint: Endpoint): unknown {
  const { query, searchQuery, body } = endpoint.request;
  for (const schema of [body?.schema, query ?? searchQuery]) {
    const result = schema && validate(schema, {});
    if (result && !result.isValid) return result.faults;
  }
  try {
    return readQuery(endpoint, { colour: 'red' });
  } catch (error) {
    return (error as AppError).context.details;
  }
}

/** Whether the document has this message of an error. */
export function isDocumentedMessage(code: ErrorCode, message: string): boolean {
  return varying.has(code) || examplesOf(code).some((example) => example.message === message);
}
