/**
 * What the erasure of a connection does with each collection. A new collection needs a line here: `collections.test.ts` finds one
 * without. Collections of resources and their chunks of GridFS are not listed by name: see `isErasedResourceCollection`.
 */
export const erasedCollections = {
  schedules: 'connectionId',
  webhook_deliveries: 'connectionId',
  sync_steps: 'connectionId',
  output_files: 'connectionId',
  active_exports: 'prefix',
  crawl_marks: 'prefix',
  watermarks: 'prefix',
  kept_out_patients: 'prefix',
  kept_out_keys: '_id',
  access_tokens: '_id',
  connections: '_id',
  /** By the connection that is authorized again, and by the one that came of it. */
  authorization_requests: 'by-hand',
  /** A key stays; the connection is taken from its list. */
  api_keys: 'by-hand',
  /** With their sealed files. */
  quarantine: 'by-hand',
  documents: 'by-hand',
  document_contents: 'by-hand',
  /** With what is named after them: `quarantine_usage`, `idempotency_keys`, and sealed files of lines that were cut off. */
  bulk_exports: 'by-hand',
  sync_runs: 'by-hand',
  quarantine_usage: 'by-hand',
  idempotency_keys: 'by-hand',
  'quarantine.files': 'by-hand',
  'quarantine.chunks': 'by-hand',
  'document_files.files': 'by-hand',
  'document_files.chunks': 'by-hand',
} as const;

/** Collections that stay as they are, with the reason. */
export const untouchedCollections = {
  audit_events: 'who did what stays, also to what is erased',
  erasures: 'the record of the erasure itself',
  sessions: 'names API keys only',
  signing_keys: "the deployment's",
  encryption_keys: "the deployment's",
  upgrades: 'names resource types only',
  retention: 'names ids of exports and sync runs for the moment of their deletion',
} as const;
