/**
 * How the erasure of a connection finds its records in each collection: by the field `connectionId`, by an id that begins with the
 * connection's id (`prefix`), by `_id`, or with code of its own (`by-hand`). A new collection needs a line here, and
 * `collections.test.ts` fails without it. Collections of resources are not listed, because `listResourceTypes` finds them.
 */
export const erasedCollections = {
  schedules: 'connectionId',
  webhook_deliveries: 'connectionId',
  sync_steps: 'connectionId',
  connection_claims: 'connectionId',
  export_slots: 'connectionId',
  output_files: 'connectionId',
  active_exports: 'prefix',
  crawl_marks: 'prefix',
  watermarks: 'prefix',
  kept_out_patients: 'prefix',
  kept_out_keys: '_id',
  access_tokens: '_id',
  connections: '_id',
  /** Found by the connection that is authorized again, and by the connection that was created. */
  authorization_requests: 'by-hand',
  /** The key stays. The connection is removed from its list. */
  api_keys: 'by-hand',
  /** These have encrypted files, which are deleted with them. */
  quarantine: 'by-hand',
  documents: 'by-hand',
  document_contents: 'by-hand',
  /** These are deleted with records that have their id: `quarantine_usage`, `idempotency_keys`, and encrypted files of truncated lines. */
  bulk_exports: 'by-hand',
  sync_runs: 'by-hand',
  quarantine_usage: 'by-hand',
  idempotency_keys: 'by-hand',
  /** Not counted, because it contains copies of answers only. */
  answered_requests: 'by-hand',
  'quarantine.files': 'by-hand',
  'quarantine.chunks': 'by-hand',
  'document_files.files': 'by-hand',
  'document_files.chunks': 'by-hand',
} as const;

/** Collections that an erasure does not change, with the reason. */
export const untouchedCollections = {
  audit_events: 'the audit log keeps who did what, even with erased data',
  erasures: 'the record of the erasure itself',
  connection_drafts: 'contains connections while they are tested, and no data of patients',
  sessions: 'refers to API keys only',
  signing_keys: 'belongs to the deployment',
  encryption_keys: 'belongs to the deployment',
  process_states: 'describes processes only',
  history_samples: 'contains counts and ids of connections only, for 30 days',
  writing_processes: 'describes processes only',
  erasure_epochs: 'contains a number only',
  upgrades: 'contains resource types only',
  retention: 'contains ids of exports and sync runs only while they are being deleted',
} as const;
