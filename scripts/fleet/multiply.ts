import { BSON, type Collection, type Db, type Document, type Filter } from 'mongodb';

const hourMs = 3_600_000;
const batchSize = 1000;
/** What people look at besides resources, which no look reads. */
const collections = ['connections', 'connection_keys', 'schedules', 'bulk_exports', 'output_files', 'watermarks'];
/** Collections with a document for each export. */
const ofExports = new Set(['bulk_exports', 'output_files']);

/**
 * Copies the records of a connection that has imported a practice, so that many connections have what this one has. Secrets of the copies cannot be
 * read, because the id of their record is part of their encryption.
 *
 * @param options.behind how many of the copies have imported nothing for five days
 * @returns how many documents each collection has then
 */
export async function multiply(
  options: FleetSize & { readonly database: Db },
): Promise<Readonly<Record<string, number>>> {
  const { database, ...size } = options;
  const ofConnection = { connectionId: size.connectionId };
  const exportIds = (await database.collection('bulk_exports').find(ofConnection).toArray()).map(({ _id }) => `${_id}`);
  const counts: Record<string, number> = {};
  for (const name of collections) {
    const collection = database.collection(name);
    const texts = (await collection.find().toArray()).map((document) => BSON.EJSON.stringify(document));
    const originals = texts.filter((text) => text.includes(size.connectionId));
    if (originals.length === 0) throw new Error(`no document of ${name} is of ${size.connectionId}`);
    await insertAll(
      collection,
      copiesOf(originals, { ...size, exportIds, isOfExports: ofExports.has(name), isPast: name !== 'schedules' }),
    );
    counts[name] = await collection.countDocuments();
  }
  return counts;
}

/** Lets the connection have a running sync with this many steps, all of them open. @returns its id */
export async function plantSync(options: {
  readonly database: Db;
  readonly connectionId: string;
  readonly steps: number;
}): Promise<string> {
  const { database, connectionId, steps } = options;
  const runs = database.collection<Document & { _id: string }>('sync_runs');
  const run = await readOne(runs, { connectionId });
  const { completedAt: _completedAt, totals: _totals, counted: _counted, ...planned } = run;
  const step = await readOne(database.collection('sync_steps'), { runId: run._id });
  const id = `${run._id.slice(0, -8)}${steps.toString(16).padStart(8, '0')}`;
  function* copies() {
    for (let copy = 0; copy < steps; copy++)
      yield { ...step, _id: `${id}.${copy}`, runId: id, state: 'pending' } as Document;
  }
  await insertAll(database.collection('sync_steps'), copies());
  await runs.insertOne({ ...planned, _id: id, phase: 'running', stepCount: steps });
  return id;
}

/** Lets the connection have this many Observations more, which are copies of one. */
export async function plantObservations(options: {
  readonly database: Db;
  readonly connectionId: string;
  readonly count: number;
}): Promise<void> {
  const { database, connectionId, count } = options;
  const observation = await readOne(database.collection('Observation'), { connectionId, deleted: false });
  function* copies() {
    for (let copy = 0; copy < count; copy++)
      yield { ...observation, _id: `${observation._id}-${copy}`, resourceId: `${observation.resourceId}-${copy}` };
  }
  await insertAll(database.collection('Observation'), copies() as Generator<Document>);
}

async function readOne<Found extends Document>(collection: Collection<Found>, filter: Filter<Found>) {
  const found = await collection.findOne(filter);
  if (found === null) throw new Error(`${collection.collectionName} has no document to copy`);
  return found;
}

async function insertAll(collection: Collection, documents: Generator<Document>): Promise<void> {
  for (let batch = take(documents); batch.length > 0; batch = take(documents))
    await collection.insertMany(batch, { ordered: false });
}

interface FleetSize {
  readonly connectionId: string;
  readonly practiceId: string;
  readonly connections: number;
  readonly exportsEach: number;
  readonly behind: number;
}

function* copiesOf(
  originals: readonly string[],
  options: FleetSize & {
    readonly exportIds: readonly string[];
    readonly isOfExports: boolean;
    /** Not for schedules: one whose next run is past would be started at once. */
    readonly isPast: boolean;
  },
): Generator<Document> {
  const { connections, exportsEach, behind, isOfExports, isPast } = options;
  for (let copy = 1; copy < connections; copy++)
    for (let run = 0; run < (isOfExports ? exportsEach : 1); run++)
      for (const text of originals) {
        const document = BSON.EJSON.parse(rename(text, { ...options, copy, run })) as Document;
        const hasSameId = document._id === (BSON.EJSON.parse(text) as Document)._id;
        const copied = hasSameId ? { ...document, _id: `${document._id}.${copy}.${run}` } : document;
        yield (copy <= behind && isPast ? olderBy(copied, 120 * hourMs) : copied) as Document;
      }
}

function take(documents: Generator<Document>): Document[] {
  const batch: Document[] = [];
  while (batch.length < batchSize) {
    const { value, done } = documents.next();
    if (done) break;
    batch.push(value);
  }
  return batch;
}

interface Copy {
  readonly connectionId: string;
  readonly practiceId: string;
  readonly exportIds: readonly string[];
  readonly copy: number;
  readonly run: number;
}

/** Gives the copy of a document its own ids, name and practice. */
function rename(text: string, { connectionId, practiceId, exportIds, copy, run }: Copy): string {
  const numbered = (id: string, number: number) => id.slice(0, -8) + number.toString(16).padStart(8, '0');
  let renamed = text.replaceAll(connectionId, numbered(connectionId, copy));
  renamed = renamed.replaceAll(practiceId, String(Number(practiceId) + copy));
  for (const id of exportIds) renamed = renamed.replaceAll(id, numbered(id, copy * 1000 + run));
  return renamed;
}

function olderBy(value: unknown, ms: number): unknown {
  if (value instanceof Date) return new Date(value.getTime() - ms);
  if (Array.isArray(value)) return value.map((each) => olderBy(each, ms));
  // Binary values and numbers of BSON are objects, too.
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, olderBy(each, ms)]));
}
