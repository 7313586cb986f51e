import { defineErrors } from '@bulkhead/base';

export const notBearer = 'The header `Authorization` does not have the form `Bearer <key>`. Send it in that form.';
export const mistyped = 'The API key is mistyped: its last characters do not fit the others. Copy the whole key again.';
export const unknownKey =
  'No API key of this deployment has this text. It may be the key of another one. An operator creates keys with `create-api-key`.';

export const endedToken =
  'The token has expired, or its client was revoked. Request a new token: it works for five minutes.';
export const tokenNotKey =
  'Tokens of backend clients are for the FHIR base URL of a connection only. Send an API key here.';

export const apiError = defineErrors({
  'unknown-route': {
    title: 'This URL does not exist',
    advice: 'Open the overview of the console, or the documentation of the API.',
    status: 404,
    message: 'This URL does not exist. See /docs for the endpoints, or open / in a browser for the console.',
  },
  'answer-not-repeated': {
    title: 'The secret cannot be shown again',
    advice: 'If you did not receive it, delete the record and create a new one.',
    status: 409,
    message:
      'The first request with this Idempotency-Key was carried out. Its response contained a secret, which is not stored, so it cannot be sent again. `details` has the ids of the record that it created. If you did not receive the secret, delete that record, and create another one with a new key.',
    details: { id: 'key_01a20ebbc9477ed4b36076ce74bec9ba' },
  },
  forbidden: {
    title: 'Operators only',
    advice: 'Ask an operator, or log in as one.',
    status: 403,
    message: 'This needs the API key of an operator, and yours is a client key. Use the key of an operator.',
    // Every endpoint for operators has this error. One shows its other message.
    examples: [{ message: 'This is for operators, and your role is viewer. Ask an operator.', of: ['listApiKeys'] }],
  },
  unauthenticated: {
    title: 'No valid API key',
    advice: 'Log in again, or send a valid key. An operator can create one.',
    status: 401,
    message:
      'The request has no API key. Send `Authorization: Bearer <key>`, or log in at /login in a browser. An operator creates keys with `create-api-key`.',
    // Every endpoint has this error. One shows its other messages.
    examples: [notBearer, mistyped, unknownKey, endedToken, tokenNotKey].map((message) => ({
      message,
      of: ['startBulkExport'],
    })),
  },
  'serving-unavailable': {
    title: 'Stored data cannot be read now',
    advice: 'Everything else works. If this does not end, start the program that reads stored data.',
    status: 503,
    message:
      'The program that reads stored data does not respond. Exports, syncs and the console continue. Try again in a minute. An operator checks that `serve` runs, and SERVE_URL of the API.',
  },
  'method-not-allowed': {
    title: 'The URL does not support this method',
    advice: 'Use one of the allowed methods.',
    status: 405,
    help: 'Use one of the methods in `Allow`.',
    examples: [{ message: 'This URL does not support PATCH. Use GET, DELETE.' }],
  },
  'not-acceptable': {
    title: 'The client accepts no format that exists here',
    advice: 'Let the program accept JSON, or NDJSON for files.',
    status: 406,
    help: 'Add one of the formats in the message to the header `Accept`.',
    examples: [
      {
        message: 'The header `Accept` allows none of application/fhir+json, application/json. Add one of them.',
      },
    ],
  },
  'not-json': {
    title: 'The body is not a JSON object',
    advice: 'Send a JSON object.',
    status: 400,
    message: 'The body is not a JSON object. Send a JSON object with Content-Type: application/json.',
    examples: [{ message: 'The body is nested more than 20 levels deep. Send a flatter JSON object.' }],
  },
  'too-many-requests': {
    title: 'Too many requests',
    advice: 'Wait a moment and try again. An operator can raise the limit of a key.',
    status: 429,
    retry: { afterMs: 5000 },
    message:
      'Too many event streams are open with this key. Close some of them, or poll the endpoints without `/events`.',
    help: 'Wait for the time in `Retry-After`. An operator can give the key a higher limit. A program with a wrong key needs a valid one. A key can have 20 event streams and 4 downloads at a time.',
    of: ['watchBulkExport', 'watchBulkExports', 'watchSyncRun', 'watchRateBudgets'],
    examples: [
      {
        message:
          'Too many requests with this key. Wait for the time in `Retry-After`, or ask an operator for a key with a higher limit.',
      },
      {
        message:
          'Too many requests without a valid key came from this IP address. Find the program that sends them and correct its key.',
      },
      {
        message: 'Too many authorizations came from this IP address. Wait a minute and try again.',
        of: ['startAuthorization', 'launch', 'authorizationCallback'],
      },
      { message: 'Too many launches were started in the last minute. Wait a minute and try again.', of: ['launch'] },
      {
        message:
          'Too many tests of connections with this key: each needs a new token of the EHR. Wait for the time in `Retry-After`, and read `lastTest` of the connection until then.',
        of: ['testConnection'],
      },
      {
        message:
          'You have started 10,000 exports in a day, or fewer with lists of patients: 100 patients count as one export. Read those that you have: a manifest can be read again, and its files too. Wait for the time in `Retry-After` before you start another one.',
        of: [
          ...(['exportSystem', 'exportSystemByPost', 'exportPatients', 'exportPatientsByPost'] as const),
          ...(['exportGroup', 'exportGroupByPost'] as const),
        ],
      },
      {
        message:
          'Too many downloads are running. Read those of this key to their end, or close them. Wait for the time in `Retry-After` and send the request again.',
        of: ['readTable', 'readViewTable', 'readServedFile', 'searchResources', 'readChanges', 'downloadAuditEvents'],
      },
      {
        message:
          'This client has got 600 tokens in an hour. A token works for five minutes: use it for all requests until then. Wait for the time in `Retry-After`.',
        of: ['issueToken'],
      },
    ],
  },
  'range-not-satisfiable': {
    title: 'The requested part does not exist',
    advice: 'Request a part within the document.',
    status: 416,
    message: 'The requested range begins after the end of the document. See Content-Range for its length.',
  },
  'console-not-built': {
    title: 'The console was not built',
    advice: 'Build the console, or set the folder of a built one.',
    status: 503,
    message:
      'The console was not built. Build it as docs/how-to/install.md says, or set CONSOLE_DIR to the folder of a built console.',
  },
  'cross-site-request': {
    title: 'The request came from another page',
    advice: 'Use the console of this server. A program sends an API key instead of a cookie.',
    status: 403,
    message:
      'The request did not come from a page of this server. A program sends `Authorization: Bearer <key>` and no cookie.',
  },
  'unreadable-request': {
    title: 'The request cannot be read',
    advice: 'Check the URL and the headers, and send the request again.',
    status: 400,
    help: 'Percent-encode non-ASCII characters in the URL. (A pasted `…` stands for a value that you fill in.) With 408, send the whole request in time. With 431, send at most 16 KB of headers.',
  },
  'body-too-large': {
    title: 'The body is too large',
    advice: 'Send a smaller body.',
    status: 413,
    message: 'The body is larger than 100 KB, the limit of this URL. Send a smaller body.',
    help: 'Send at most 100 KB, 1 MB for a cohort, or 10 MB for a corrected line.',
    examples: [
      {
        message: 'The body is larger than 10240 KB, the limit of this URL. Send a smaller body.',
        of: ['replayQuarantinedLine'],
      },
      {
        message: 'The body is larger than 1024 KB, the limit of this URL. Send a smaller body.',
        of: ['setCohort', 'changeCohort'],
      },
    ],
  },
  'client-left': {
    title: 'The client disconnected',
    advice: 'Nothing needs to be done.',
    help: 'In an audit event: the client disconnected during the response.',
  },
});

declare module '@bulkhead/base' {
  interface ErrorCodes extends Record<keyof typeof apiError.table, true> {}
}
