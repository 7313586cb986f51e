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
    connection text, type text, id text, resource jsonb,
    -- NULL, or the exact JSON of a resource that jsonb refuses. Its resource has U+FFFD for the refused characters, or is NULL.
    original text, PRIMARY KEY (connection, type, id));
  CREATE TABLE IF NOT EXISTS fhir_copies (
    -- Where the copy continues. NULL while everything is read for the first time.
    connection text PRIMARY KEY, since text);`;
const upsert = `
  INSERT INTO fhir_resources SELECT $1, * FROM unnest($2::text[], $3::text[], $4::jsonb[], $5::text[])
  ON CONFLICT (connection, type, id) DO UPDATE SET resource = excluded.resource, original = excluded.original`;
const remove = `
  DELETE FROM fhir_resources USING unnest($2::text[], $3::text[]) AS deleted (type, id)
  WHERE connection = $1 AND fhir_resources.type = deleted.type AND fhir_resources.id = deleted.id`;
// \u0000 and halves of surrogate pairs. The group matches what is kept: pairs and other escapes, such as the first two of \\u0000.
const refusedEscapes = /(\\ud[89ab]..\\ud[c-f]..|\\(?!u0000|ud[89a-f]).)|\\u..../gi;

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
  await store(stored);
  await database.query(remove, [connection, ...columns(deleted, ['type', 'id'])]);
  await database.query(
    'INSERT INTO fhir_copies VALUES ($1, $2) ON CONFLICT (connection) DO UPDATE SET since = excluded.since',
    [connection, since ?? null],
  );
}

/** Stores resources. If PostgreSQL refuses them, each half is stored by itself, until the refused one is alone. */
async function store(resources) {
  await database.query('SAVEPOINT stored');
  try {
    await database.query(upsert, [connection, ...columns(resources, ['type', 'id', 'json', 'original'])]);
  } catch (error) {
    // Class 22 is a value that the type cannot hold, class 54 a limit of PostgreSQL. Any other error ends the program.
    if (!/^(22|54)/.test(error.code)) throw error;
    await database.query('ROLLBACK TO SAVEPOINT stored');
    const middle = resources.length / 2;
    if (resources.length === 1) return storeRefused(resources[0], error);
    await store(resources.slice(0, middle));
    await store(resources.slice(middle));
  }
}

/** Stores a resource that jsonb refuses: with U+FFFD for the refused characters or, if that is not enough, only its text. */
async function storeRefused({ type, id, json, original = json }, { message }) {
  if (json === null) throw new Error(`PostgreSQL cannot store ${type}/${id}: ${message}`);
  const replaced = json.replace(refusedEscapes, (_, kept) => kept ?? '\\ufffd');
  const isReplaced = replaced !== json;
  const result = isReplaced ? 'has U+FFFD for the refused characters' : 'is NULL';
  console.warn(`${type}/${id}: ${message}. The column resource ${result}, and original has the exact JSON.`);
  await store([{ type, id, json: isReplaced ? replaced : null, original }]);
}

function columns(rows, names) {
  return names.map((name) => rows.map((row) => row[name]));
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
