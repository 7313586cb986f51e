import { spawnTethered, startOwnServer } from '@bulkhead/embedded';
import { startScriptedServer, waitFor } from '@bulkhead/testing';
import { expect, test } from '@jest/globals';
import pg from 'pg';
import { describeWith } from '../describe-with.fixture.ts';
import { postgresqlServer, whyNoPostgresql } from './postgresql.ts';

const missing = whyNoPostgresql();
const tool = missing === undefined ? {} : { missing };
const copier = new URL('../../examples/postgresql/copy.mjs', import.meta.url).pathname;

interface Case {
  readonly id: string;
  /** JSON as the API sends it. */
  readonly note: string;
  /** JSON as PostgreSQL returns it, or null. Default: `note`. */
  readonly copied?: string | null;
}

const accepted: readonly Case[] = [
  { id: 'literal-nul', note: String.raw`"a\\u0000b\\\\u0000\\ud800"` },
  { id: 'pair', note: String.raw`"\ud83d\ude00\n"`, copied: String.raw`"😀\n"` },
  { id: 'exact-number', note: `${'1'.repeat(50_000)}.50` },
  { id: 'large-number', note: '1e400', copied: `1${'0'.repeat(400)}` },
  // Deeper than anything that Bulkhead stores.
  { id: 'deep', note: `${'['.repeat(200)}1${']'.repeat(200)}` },
];
const refused: readonly Case[] = [
  { id: 'nul', note: String.raw`"a\u0000b"`, copied: '"a\ufffdb"' },
  { id: 'nul-after-backslash', note: String.raw`"\\\u0000\\\\\u0000\\u0000"`, copied: String.raw`"\\�\\\\�\\u0000"` },
  { id: 'high-surrogate', note: String.raw`"\ud83d\ud83d\ude00"`, copied: '"\ufffd😀"' },
  { id: 'low-surrogate', note: String.raw`"\uDE00\ud83d\u0041"`, copied: '"\ufffd\ufffdA"' },
  { id: 'number-of-any-size', note: '1e140000', copied: null },
  { id: 'number-of-any-precision', note: '1e-20000', copied: null },
  { id: 'too-deep', note: `${'['.repeat(20_000)}${']'.repeat(20_000)}`, copied: null },
  { id: 'two-reasons', note: String.raw`["\u0000",1e140000]`, copied: null },
];

const jsonOf = ({ id, note }: Case) => `{"resourceType":"Basic","id":"${id}","note":${note}}`;
const changeOf = (change: Case) =>
  `{"fullUrl":"https://ehr.example/Basic/${change.id}","resource":${jsonOf(change)},"request":{"method":"PUT","url":"Basic/${change.id}"},"response":{"status":"200","lastModified":"2026-11-03T07:00:00.000Z"}}\n`;
const deletionOf = ({ id }: Case) =>
  `{"fullUrl":"https://ehr.example/Basic/${id}","request":{"method":"DELETE","url":"Basic/${id}"},"response":{"status":"204","lastModified":"2026-11-03T08:00:00.000Z"}}\n`;
const endAt = (at: string) => `{"resourceType":"Bundle","type":"history","meta":{"lastUpdated":"${at}"}}\n`;

/** Runs the copier with a PostgreSQL server and an API that sends these histories, one after the other. */
async function startCopy(histories: readonly string[]) {
  await using starting = new AsyncDisposableStack();
  const postgresql = starting.use(await startOwnServer(postgresqlServer()));
  const api = starting.adopt(
    await startScriptedServer({ '*': [...histories, endAt('2026-11-04T00:00:00.000Z')] }),
    (server) => server.stop(),
  );
  const lines: string[] = [];
  const env = {
    PATH: process.env.PATH,
    BULKHEAD_URL: api.url,
    BULKHEAD_API_KEY: 'key',
    BULKHEAD_CONNECTION: 'conn_a',
    DATABASE_URL: postgresql.url,
    POLL_SECONDS: '0.1',
  };
  const program = await spawnTethered({
    command: process.execPath,
    args: ['--conditions=@bulkhead/source', copier],
    env,
    output: { onLine: (line) => lines.push(line) },
  });
  starting.defer(() => program.stop());
  const client = new pg.Client(postgresql.url);
  await client.connect();
  starting.defer(() => client.end());
  const started = starting.move();
  return {
    lines,
    async rows() {
      const columns = "id, original, (resource->'note')::text AS note";
      const { rows } = await client.query(`SELECT ${columns} FROM fhir_resources ORDER BY id COLLATE "C"`);
      return rows;
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

const byId = (left: Case, right: Case) => (left.id < right.id ? -1 : 1);
const currentAt = (at: string) => `current as of ${at}`;

describeWith({ title: 'a copy of resources that jsonb refuses', tool }, () => {
  test('copies a resource that jsonb refuses with U+FFFD or NULL and its exact JSON, and prints its name', async () => {
    const all = [...accepted, ...refused].toSorted(byId);
    const at = '2026-11-03T08:00:00.000Z';
    await using copy = await startCopy([all.map(changeOf).join('') + endAt(at)]);
    await waitFor(() => copy.lines.includes(currentAt(at)), { what: 'the copy' });
    const isRefused = new Set(refused.map(({ id }) => id));
    expect(await copy.rows()).toEqual(
      all.map((change) => ({
        id: change.id,
        note: change.copied === undefined ? change.note : change.copied,
        original: isRefused.has(change.id) ? jsonOf(change) : null,
      })),
    );
    const named = new Set(copy.lines.flatMap((line) => /^Basic\/([^:]+): /.exec(line)?.[1] ?? []));
    expect(named).toEqual(isRefused);
  });

  test('replaces a refused resource by a later version that jsonb accepts, and deletes one', async () => {
    const [changed, deleted] = [refused[0], refused[1]] as [Case, Case];
    const [first, second] = ['2026-11-03T08:00:00.000Z', '2026-11-03T09:00:00.000Z'];
    const later = changeOf({ id: changed.id, note: '"ab"' }) + deletionOf(deleted) + endAt(second);
    await using copy = await startCopy([changeOf(changed) + changeOf(deleted) + endAt(first), later]);
    await waitFor(() => copy.lines.includes(currentAt(second)), { what: 'the later version' });
    expect(await copy.rows()).toEqual([{ id: changed.id, note: '"ab"', original: null }]);
  });
});
