import { defineErrors } from '@bulkhead/base';

const noAnswer =
  'The EHR asked for fewer requests, failed or did not respond, for longer than the retries lasted. If it could not be reached, the message explains what to do.';

export const ehrError = defineErrors({
  'origin-not-allowed': {
    title: 'The EHR refers to another host',
    advice: 'If the host is a part of the EHR, allow its origin for the connection, then retry.',
    help: 'A link leads to an origin that is neither that of the FHIR endpoint nor allowed by an operator, so nothing was sent there. The message shows the origin and the settings.',
  },
  'capabilities-not-understood': {
    title: 'The FHIR endpoint did not describe itself',
    advice: 'Check the FHIR endpoint of the connection.',
    retry: 'briefly',
    message: 'The FHIR endpoint did not return a CapabilityStatement. Verify the FHIR endpoint of the connection.',
    help: 'The FHIR endpoint did not return a CapabilityStatement. Exports and syncs continue without it.',
  },
  'search-refused': {
    title: 'The EHR refused the search',
    advice: 'Check that the patient exists, and that the granted scopes cover the type.',
    message:
      'The EHR responded to the search with an error instead of resources. Verify that the patient exists and that the scopes cover the type.',
  },
  'search-not-understood': {
    title: 'The EHR sent a malformed page',
    advice: "Retry the sync. If that fails too, contact the EHR's support.",
    retry: 'briefly',
    help: 'The EHR responded to a search with a malformed page. The message describes the fault.',
  },
  'smart-discovery-failed': {
    title: 'The EHR does not publish its OAuth endpoints',
    advice: 'Check the FHIR endpoint of the connection, or set the endpoint for tokens or authorizations.',
    message:
      'The EHR publishes no token endpoint. Verify the FHIR endpoint, or set the tokenEndpoint of the connection.',
  },
  'endpoint-not-allowed': {
    title: 'The endpoint is at an unknown host',
    advice: 'If the host belongs to the EHR, add it to the hosts of tokens in the registry entry of the provider.',
    help: 'The EHR publishes an OAuth endpoint at a host that does not belong to the provider, so no credentials were sent. If the host is correct, add it to `oauthHosts` in the registry entry of the provider.',
  },
  'token-endpoint-moved': {
    title: 'The token endpoint has moved to another host',
    advice: 'If the EHR has moved, edit the credentials of the connection, and enter the secret again.',
    help: 'The client secret was used at the token endpoint of one origin, and is never sent to another one. The message shows both.',
  },
  'no-signing-key': {
    title: 'There is no signing key',
    advice: 'Create a signing key for this algorithm, or set a private key for the connection.',
    message:
      "There is no signing key for this algorithm. Create one with POST /api/ehr/signing-keys, or set a key of the connection's own.",
  },
  'token-unavailable': {
    title: 'The EHR issues no access token at the moment',
    advice:
      'Nothing needs to be done for now. If it does not end, test the connection and check the status page of the EHR.',
    message: "The EHR's token endpoint asked for fewer requests. The work continues automatically after a wait.",
    help: noAnswer,
  },
  'token-refused': {
    title: 'The EHR refuses the credentials',
    advice: 'Edit the credentials of the connection and test it. Then retry what has failed.',
    fixedAt: 'credentials',
    help: "The credentials or scopes are wrong. One renewal of the token was tried. The message and a connection test explain what to do about the EHR's reason.",
  },
  'token-not-understood': {
    title: 'The token endpoint sent no access token',
    advice: 'Check the token endpoint of the connection.',
    retry: 'briefly',
    message:
      'The token endpoint did not return a Bearer token. An operator can read what it returned. Verify the token endpoint of the connection.',
  },
  'authorization-wrong-issuer': {
    title: 'The authorization came from another server',
    advice: 'Start the authorization again.',
    message:
      'The authorization code comes from another server than the EHR, so it was not redeemed. Start the authorization again.',
  },
  'authorization-needed': {
    title: 'A user must authorize the connection',
    advice: 'Open the connection and choose Authorize, or send the user a link.',
    message:
      'The user has not authorized the connection, or the authorization has ended. Open GET /api/ehr/{provider}/authorize?connectionId=... in a browser, or create a start URL with POST to the same path.',
  },
  'ehr-redirects': {
    title: 'The EHR redirects in a loop',
    advice: 'Check the FHIR endpoint of the connection.',
    message: 'The EHR redirects in a loop or to an invalid URL. Verify the FHIR endpoint of the connection.',
    help: 'The EHR redirects in a loop or to an invalid URL, or it redirects a request that changes something.',
  },
  'ehr-unreachable': {
    title: 'The EHR cannot be reached',
    advice: 'Check the network, the firewall and the FHIR endpoint of the connection. The request is repeated.',
    retry: 'later',
    help: noAnswer,
  },
  'manifest-not-understood': {
    title: 'The manifest cannot be read',
    advice: 'Open the FHIR endpoint from the network of a worker, then retry the export.',
    message:
      "The EHR's export manifest cannot be read: it is a web page, perhaps of a gateway, a login or a maintenance window. Open the FHIR endpoint from a worker's network, then retry the export.",
    help: 'The manifest of the EHR cannot be read.',
  },
  'manifest-too-large': {
    title: 'The export has too many files',
    advice: 'Request fewer types at a time.',
    help: 'The manifest has more than 50,000 files or 10,000 pages. Request fewer types at a time.',
  },
  'no-group': {
    title: 'The connection has no group',
    advice: 'Set the practice id or the group id of the connection.',
    message: 'A Group export needs a group. Set the practiceId or the groupId of the connection.',
  },
  'kick-off-not-understood': {
    title: 'The EHR did not start the export properly',
    advice: 'Open the FHIR endpoint from the network of a worker, then retry the export.',
    message:
      "The response to the kick-off is a web page, perhaps of a gateway, a login or a maintenance window. Open the FHIR endpoint from a worker's network, then retry the export.",
    help: 'The EHR accepted the export and returned no status URL, or a gateway returned a web page. Operators see what it returned.',
  },
  'export-not-offered': {
    title: 'The EHR does not offer this export',
    advice: 'Start the export at another level, and check the group and the FHIR endpoint of the connection.',
    help: 'The EHR answered the kick-off as it answers an operation or a Group that it does not have. The message shows the address. Other levels are `Patient`, `Group` and `System`.',
  },
  'search-loops': {
    title: 'The pages of a search do not end',
    advice: "Retry the sync. If that fails too, contact the EHR's support.",
    help: 'The pages of a search lead back to an earlier page, there are more than 10,000, or ten in a row had nothing new. What was read is stored. A retry begins at the first page.',
  },
  'kick-off-too-recent': {
    title: 'The EHR exported the same data a short time ago',
    advice: 'No action is needed. The export is requested again after a wait.',
    message:
      'The EHR exported the same data a short time ago and refuses to export it again now. The kick-off is sent once more after a wait. To avoid this, set `kickOffWindow` of the provider.',
  },
  'type-filter-refused': {
    title: 'The EHR does not support the filters of the export',
    advice: 'Export the types without filters, or allow it to start without them.',
    retry: 'never',
    message:
      'The EHR does not support `_typeFilter`, so the export would contain more data than was requested. Nothing was exported. Leave `typeFilters` out, or send `allowUnfiltered` to export everything of the types.',
  },
  'parameter-refused': {
    title: 'The EHR does not support a parameter of the export',
    advice: 'Export without patients, a latest time and elements, and select from what is stored.',
    help: 'The EHR refused a parameter that leaves data out, so the export would contain more than was requested. The message shows the parameter. Nothing was exported.',
  },
  'parameter-undeclared': {
    title: 'The EHR does not declare a parameter of the export',
    advice: 'If the EHR supports the parameter, add it to the registry entry of the provider.',
    help: 'Neither the CapabilityStatement of the EHR nor the provider lists a parameter that leaves data out. The message shows the parameter. Nothing was exported.',
  },
  'kick-off-busy': {
    title: 'The EHR is running another export',
    advice: 'Nothing needs to be done. The export is requested again after a wait.',
    message:
      'The EHR is running another export and does not accept this one yet. The kick-off is sent again after a wait. If no export is running here, ask the EHR which one it is.',
  },
  'connection-lost': {
    title: 'The connection to the EHR was lost',
    advice: 'Nothing needs to be done for now. The request is repeated. If it fails for good, retry the run.',
    retry: 'later',
    message: 'The connection to the EHR was lost before the response was complete. The request will be retried.',
    help: 'The connection was lost at every attempt. The message gives the last byte that was received. Everything up to there stays stored.',
  },
  'answer-unusable': {
    title: 'The response of the EHR cannot be used',
    advice:
      "Check the text of the EHR. If it is not a maintenance page, contact the EHR's support, then retry the run.",
    message:
      "The EHR's file is not NDJSON: its first line does not begin a JSON object. An operator can read the content type and how the file begins. Ask the EHR's support for files in NDJSON, then retry the export.",
    help: 'The EHR returned a status, a file or an encoding that does not fit the request. Operators see the content type and how the response begins.',
  },
  'ehr-not-ready': {
    title: 'The EHR is still preparing its response',
    advice: 'Nothing needs to be done. The request is repeated.',
    message:
      'The EHR is still preparing its response. The request will be retried after the wait that the EHR asked for.',
  },
  'answer-too-large': {
    title: 'The response of the EHR is too large',
    advice: 'Request less at a time, such as fewer types.',
    message: 'The text of the error is too large.',
    help: 'The decompressed response is too large, has too many values, or expands more than 250 times.',
  },
  'ehr-unauthorized': {
    title: 'The EHR rejects the access token',
    advice:
      'Check the client id, the credentials and the granted scopes. Test the connection, then retry what has failed.',
    fixedAt: 'credentials',
    message:
      'The EHR rejected the access token. Verify the client id, the credentials and the scopes that were granted.',
  },
  'ehr-forbidden': {
    title: 'The EHR denies access',
    advice: 'Check that the granted scopes and the practice cover the request.',
    message: 'The EHR denied access. Verify that the granted scopes and the practice cover the request.',
  },
  'ehr-not-found': {
    title: 'The EHR does not have this resource',
    advice: 'Check the id and the FHIR endpoint of the connection.',
    message: 'The EHR does not have this resource, or no longer has it. Verify the id and the FHIR endpoint.',
  },
  'ehr-throttled': {
    title: 'The EHR asks for fewer requests',
    advice: 'Nothing needs to be done. The work continues after a wait.',
    message: 'The EHR asked for fewer requests. The work continues automatically after a wait.',
    help: noAnswer,
  },
  'ehr-unavailable': {
    title: 'The EHR fails at the moment',
    advice: 'The request is repeated. If it keeps failing, check the status page of the EHR.',
    message:
      "The EHR failed to respond. The request will be retried. If it keeps failing, check the EHR's status page.",
    help: noAnswer,
  },
  'ehr-rejected': {
    title: 'The EHR rejects the request',
    advice: 'Read the text of the EHR, and correct the request or the connection.',
    message: "The EHR rejected the request as invalid. An operator can read the EHR's own explanation.",
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof ehrError.table, true> {}
}
