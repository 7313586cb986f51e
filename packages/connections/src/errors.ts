import { defineErrors } from '@bulkhead/runtime';

export const connectionError = defineErrors({
  'connection-changed': {
    retry: { afterMs: 1000 },
    message:
      'The credentials of the connection were changed during this work. It continues automatically with the new ones.',
  },
  'connection-name-taken': { status: 409, message: 'Another connection has this name. Choose a different name.' },
  'connection-exists': {
    status: 409,
    message:
      'A connection for this provider, environment and practice or group exists already. Use it, or send `force: true` to create a second one.',
    details: { connectionId: 'conn_01a20ebbc93978f091b11de7704350e0' },
  },
  'smart-discovery-failed': {
    message:
      "The EHR publishes no authorization endpoint. Check the FHIR endpoint, or set the authorization endpoint in the provider's registry entry.",
  },
  'connection-gone': {
    message: 'The connection was deleted during the authorization.',
    help: 'The connection was deleted during the work.',
  },
  'authorization-other-patient': {
    message:
      'The authorization is for another patient than the connection. Nothing was changed. Start again and choose the same patient, or create a new connection.',
  },
  'test-timed-out': {
    retry: 'later',
    message: 'The EHR, or the wait for its request budget, took longer than 75 seconds.',
  },
  'authorization-failed': {
    status: 502,
    help: 'Read the message. It says what the EHR answered, or which check failed. `details.reason` has the code.',
    examples: [
      {
        message:
          'The EHR refused to issue an access token. Verify client id, credentials and scope of the connection. Then start the authorization again.',
        details: { reason: 'token-refused' },
      },
    ],
  },
  'redirect-uri-missing': {
    status: 409,
    help: 'Set `ATHENAHEALTH_REDIRECT_URI`, or `redirectUri` of the provider.',
    examples: [
      {
        message:
          'The provider has no redirect URI. Set ATHENAHEALTH_REDIRECT_URI to https://<this API>/api/ehr/callback, the address that is registered at the EHR.',
      },
    ],
  },
  'authorization-refused': {
    status: 403,
    help: 'Start the authorization again if the refusal was a mistake. The user or the EHR did not agree.',
    examples: [
      {
        message:
          'The EHR did not authorize the application (access_denied): the user did not agree, or is not allowed to. Start the authorization again to ask once more.',
      },
    ],
  },
  'unknown-connection': {
    status: 404,
    message: 'No connection has this id. List them with GET /api/ehr/connections, or create one with POST.',
  },
  'connection-test-pending': {
    status: 503,
    retry: { afterMs: 30_000 },
    message: 'The EHR has not answered yet. Test again in a minute, or save the connection and test it then.',
  },
  'capabilities-unknown': {
    status: 503,
    retry: { afterMs: 5000 },
    message:
      'The EHR has not answered yet. Try again in a few seconds. If the error persists, check the FHIR endpoint of the connection.',
  },
  'connection-in-use': {
    status: 409,
    help: 'Wait until `details.exportId` or `details.syncRunId` has ended. Then delete the connection or erase its patient.',
    examples: [
      {
        message:
          'An export of this connection is running. Cancel it, or wait until it has ended. Then delete the connection.',
        details: { exportId: 'job_01a20ebbc9477ed4b36076ce74bec9ba' },
        of: ['deleteConnection'],
      },
    ],
  },
  'unknown-signing-key': {
    status: 404,
    message: 'No signing key has this `kid`. List them with GET /api/ehr/signing-keys.',
  },
  'signing-key-in-use': {
    status: 409,
    message:
      'The key is in use. Create another key, activate it or wait an hour, then retire this key and delete it ten minutes later.',
  },
  'signing-key-retired': {
    status: 409,
    message: 'The key is retired and cannot sign again. Create another key with POST /api/ehr/signing-keys.',
  },
  'not-authorizable': {
    status: 409,
    message: 'The connection does not use `authorization_code`, so it needs no authorization by a user.',
  },
  'unknown-issuer': {
    status: 400,
    message:
      'The launch came from an EHR that is not in the provider registry. If you trust this EHR, add it as an environment of its provider.',
  },
  'authorization-used': {
    status: 410,
    message: 'This address was already opened, or is older than ten minutes. Ask for a new one.',
  },
  'authorization-unknown': {
    status: 400,
    message:
      'This browser has no open authorization that matches this answer. Allow cookies, start the authorization again, and complete it in the same browser within ten minutes.',
  },
  'authorization-pending': {
    status: 503,
    // A busy worker, or one that has just started, does the job within this time.
    retry: { afterMs: 30_000 },
    message:
      'No worker has asked the EHR yet. Check the connections in a minute. If the connection is not authorized by then, start again.',
  },
});

declare module '@bulkhead/runtime' {
  interface ErrorCodes extends Record<keyof typeof connectionError.table, true> {}
}
