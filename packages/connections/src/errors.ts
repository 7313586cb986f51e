import { defineErrors } from '@bulkhead/base';

/** What the ids of other records begin with. */
const otherIds: Readonly<Record<string, string>> = {
  job: 'an export',
  sync: 'a sync',
  sched: 'a schedule',
  erase: 'an erasure',
};

/** The message for the id of another record, which a user may have copied from the wrong column. */
export function otherIdMessage(id: string): string | undefined {
  const name = otherIds[id.split('_')[0] ?? ''];
  if (name === undefined) return undefined;
  return `This is the id of ${name}, and the id of a connection is needed, which begins with \`conn_\`. List the connections with GET /api/ehr/connections.`;
}

export const connectionError = defineErrors({
  'connection-changed': {
    title: 'The credentials were changed during this work',
    advice: 'Nothing needs to be done. The work continues with the new credentials.',
    retry: { afterMs: 1000 },
    message:
      'The credentials of the connection were changed during this work. It continues automatically with the new ones.',
  },
  'connection-name-taken': {
    title: 'The name is already in use',
    advice: 'Choose a different name.',
    status: 409,
    message: 'Another connection has this name. Choose a different name.',
  },
  'connection-exists': {
    title: 'This practice already has a connection',
    advice: 'Use the existing connection, or confirm that you want a second one.',
    status: 409,
    message:
      'A connection for this provider, environment and practice or group exists already. Use it, or send `force: true` to create a second one.',
    details: { connectionId: 'conn_01a20ebbc93978f091b11de7704350e0' },
  },
  'connection-changed-meanwhile': {
    title: 'The connection was changed meanwhile',
    advice: 'Read the plan again, then apply it.',
    status: 409,
    message:
      'The connection is no longer as the plan saw it, because another request is changing it or has changed it. Read the plan again, then apply it.',
  },
  'smart-discovery-failed': {
    title: 'The EHR does not publish its OAuth endpoints',
    advice: 'Check the FHIR endpoint of the connection, or set the endpoint for tokens or authorizations.',
    message:
      "The EHR publishes no authorization endpoint. Check the FHIR endpoint, or set the authorization endpoint in the provider's registry entry.",
  },
  'connection-gone': {
    title: 'The connection was deleted',
    advice: 'Create the connection again if you still need it.',
    message: 'The connection was deleted during the authorization.',
    help: 'The connection was deleted during the work.',
  },
  'authorization-other-patient': {
    title: 'The authorization is for another patient',
    advice: 'Start again and choose the same patient, or create a new connection.',
    message:
      'The authorization is for another patient than the connection. Nothing was changed. Start again and choose the same patient, or create a new connection.',
  },
  'test-timed-out': {
    title: 'The test took too long',
    advice:
      'Test the connection again. If it still takes too long, check the status page of the EHR and the request budget.',
    retry: 'later',
    message: 'The EHR, or the wait for its request budget, took longer than 75 seconds.',
  },
  'authorization-failed': {
    title: 'The authorization failed',
    advice:
      'Check the client id, the credentials and the scopes of the connection. Then start the authorization again.',
    status: 502,
    help: 'Read the message. It contains the response of the EHR, or the check that failed. `details.reason` has the code.',
    examples: [
      {
        message:
          'The EHR refused to issue an access token. Verify client id, credentials and scope of the connection. Then start the authorization again.',
        details: { reason: 'token-refused' },
      },
    ],
  },
  'redirect-uri-missing': {
    title: 'The redirect URL is not set',
    advice: 'Set the redirect URL of the provider to the one that is registered at the EHR, then restart Bulkhead.',
    status: 409,
    help: 'Set `ATHENAHEALTH_REDIRECT_URI`, or `redirectUri` of the provider.',
    examples: [
      {
        message:
          'The provider has no redirect URI. Set ATHENAHEALTH_REDIRECT_URI to https://<this API>/api/ehr/callback, the URL that is registered at the EHR.',
      },
    ],
  },
  'authorization-refused': {
    title: 'The authorization was refused',
    advice: 'Start the authorization again if the refusal was a mistake.',
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
    title: 'Connection not found',
    advice: 'Open the list of connections. The connection may have been removed.',
    status: 404,
    message: 'No connection has this id. List them with GET /api/ehr/connections, or create one with POST.',
    // Many endpoints have this error. One shows its other message.
    examples: [{ message: otherIdMessage('job_') ?? '', of: ['startBulkExport'] }],
  },
  'connection-test-pending': {
    title: 'The EHR has not responded yet',
    advice: 'Test again in a minute, or save the connection and test it later.',
    status: 503,
    retry: { afterMs: 30_000 },
    message: 'The EHR has not responded yet. Test again in a minute, or save the connection and test it then.',
  },
  'capabilities-unknown': {
    title: 'The EHR has not responded yet',
    advice: 'Try again in a few seconds. If that does not help, check the FHIR endpoint of the connection.',
    status: 503,
    retry: { afterMs: 5000 },
    message:
      'The EHR has not responded yet. Try again in a few seconds. If the error persists, check the FHIR endpoint of the connection.',
  },
  'probe-running': {
    title: 'A probe is already running',
    advice: 'Wait until it has ended, or cancel it.',
    status: 409,
    message: 'A probe of this connection is already running. Wait until it has ended, or cancel it.',
  },
  'no-probe': {
    title: 'No probe is running',
    advice: 'Start a probe of the connection.',
    status: 404,
    message: 'No probe of this connection is running. Start one with POST.',
  },
  'connection-in-use': {
    title: 'The connection is in use',
    advice: 'Wait until its export, sync or probe has ended, or cancel it. Then try again.',
    status: 409,
    help: 'Wait until `details.exportId`, `details.syncRunId`, or the probe that the message names has ended. Then delete the connection or erase its patient.',
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
    title: 'Signing key not found',
    advice: 'Reload the list of signing keys. The key may have been deleted.',
    status: 404,
    message: 'No signing key has this `kid`. List them with GET /api/ehr/signing-keys.',
  },
  'signing-key-in-use': {
    title: 'The signing key is in use',
    advice: 'Create another key and activate it. Then retire this key, and delete it ten minutes later.',
    status: 409,
    message:
      'The key is in use. Create another key, activate it or wait an hour, then retire this key and delete it ten minutes later.',
  },
  'signing-key-retired': {
    title: 'The signing key is retired',
    advice: 'Create another signing key.',
    status: 409,
    message: 'The key is retired and cannot sign again. Create another key with POST /api/ehr/signing-keys.',
  },
  'not-authorizable': {
    title: 'The connection needs no authorization',
    advice: 'Nothing needs to be done. The connection has its own credentials.',
    status: 409,
    message: 'The connection does not use `authorization_code`, so it needs no authorization by a user.',
  },
  'unknown-issuer': {
    title: 'The EHR is not registered',
    advice: 'If you trust this EHR, add it as an environment of its provider.',
    status: 400,
    message:
      'The launch came from an EHR that is not in the provider registry. If you trust this EHR, add it as an environment of its provider.',
  },
  'authorization-used': {
    title: 'The link has expired',
    advice: 'Ask for a new link. Each link can be opened once, within ten minutes.',
    status: 410,
    message: 'This URL was already opened, or is older than ten minutes. Ask for a new one.',
  },
  'authorization-unknown': {
    title: 'No open authorization in this browser',
    advice: 'Allow cookies and start again. Complete the authorization in the same browser within ten minutes.',
    status: 400,
    message:
      'This browser has no open authorization that matches this response. Allow cookies, start the authorization again, and complete it in the same browser within ten minutes.',
  },
  'authorization-pending': {
    title: 'The authorization has not been completed yet',
    advice: 'Open the connection in a minute. If it is still not authorized then, start again.',
    status: 503,
    // A busy worker, or one that has just started, does the job within this time.
    retry: { afterMs: 30_000 },
    message:
      'No worker has asked the EHR yet. Check the connections in a minute. If the connection is not authorized by then, start again.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof connectionError.table, true> {}
}
