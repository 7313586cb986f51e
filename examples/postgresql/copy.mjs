// Keeps a copy of the resources of a connection in PostgreSQL, with every change, deletion and erasure. See README.md.
import { ApiError, createClient, followChanges } from '@bulkhead/client';
import pg from 'pg';

const { BULKHEAD_URL = 'http://127.0.0.1:3000', DATABASE_URL, POLL_SECONDS = '60' } = process.env;
const { BULKHEAD_API_KEY: key, BULKHEAD_CONNECTION: connection } = process.env;
if (!key || !connection || !DATABASE_URL) {
  console.error('Set BULKHEAD_API_KEY, BULKHEAD_CONNECTION and DATABASE_URL.');
  process.exit(2);
}

const tables = `
  CREATE TABLE IF NOT EXISTS fhir_resources (
    connection text, type text, id text, resource jsonb NOT NULL, PRIMARY KEY (connection, type, id));
  CREATE TABLE IF NOT EXISTS fhir_copies (
    -- Where the copy continues. NULL while everything is read for the first time.
    connection text PRIMARY KEY, since text);`;
const upsert = `
  INSERT INTO fhir_resources SELECT $1, * FROM unnest($2::text[], $3::text[], $4::jsonb[])
  ON CONFLICT (connection, type, id) DO UPDATE SET resource = excluded.resource`;
const remove = `
  DELETE FROM fhir_resources USING unnest($2::text[], $3::text[]) AS deleted (type, id)
  WHERE connection = $1 AND fhir_resources.type = deleted.type AND fhir_resources.id = deleted.id`;

const database = new pg.Client(DATABASE_URL);
database.on('error', stop);
await database.connect().catch(stop);
// One copier for a connection. PostgreSQL gives up the lock if this program or its connection ends.
await database.query('SELECT pg_advisory_lock(hashtext($1))', [connection]).catch(stop);
await database.query(tables).catch(stop);

const api = createClient({ url: BULKHEAD_URL, key });
try {
  const { rows } = await database.query('SELECT since FROM fhir_copies WHERE connection = $1', [connection]);
  await follow(rows[0]?.since ?? undefined);
} catch (error) {
  if (!(error instanceof ApiError && error.code === 'connection-purged')) stop(error);
  await transaction(removeAll).catch(stop);
  console.log(`${connection} was erased, and so was its copy.`);
  process.exit(0);
}

/** Applies each batch and stores its position in one transaction, so that an interruption loses and repeats nothing. */
async function follow(since) {
  const options = { connectionId: connection, since, pollMs: Number(POLL_SECONDS) * 1000 };
  try {
    for await (const batch of followChanges(api, options)) {
      await transaction(() => apply(batch));
      if (batch.isCurrent) console.log(`current as of ${batch.since}`);
    }
  } catch (error) {
    // The deletions since then are no longer all known.
    if (error instanceof ApiError && error.code === 'history-expired') return follow(undefined);
    throw error;
  }
}

async function apply({ changes, isBeginning, since }) {
  if (isBeginning) await removeAll();
  const stored = changes.filter(({ json }) => json !== undefined);
  const deleted = changes.filter(({ json }) => json === undefined);
  const column = (rows, name) => rows.map((row) => row[name]);
  const ids = (rows) => [connection, column(rows, 'type'), column(rows, 'id')];
  await database.query(upsert, [...ids(stored), column(stored, 'json')]);
  await database.query(remove, ids(deleted));
  await database.query(
    'INSERT INTO fhir_copies VALUES ($1, $2) ON CONFLICT (connection) DO UPDATE SET since = excluded.since',
    [connection, since ?? null],
  );
}

async function removeAll() {
  await database.query('DELETE FROM fhir_resources WHERE connection = $1', [connection]);
  await database.query('DELETE FROM fhir_copies WHERE connection = $1', [connection]);
}

async function transaction(work) {
  await database.query('BEGIN');
  await work();
  await database.query('COMMIT');
}

/** Whatever runs this program starts it again: it continues where the last transaction ended. */
function stop(error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
