import mongoose, { type Collection, type Connection, type Model, type Schema } from 'mongoose';

/** A collection whose documents have any fields. */
export type AnyCollection = mongoose.mongo.Collection<Named & mongoose.mongo.BSON.Document>;

/** Positions of retention passes. Each feature keeps those of its own kinds of records in it. */
const sharedCollection = 'retention';

/** The stages of an aggregation that read or write another collection. */
const crossingStages = ['$lookup', '$graphLookup', '$unionWith', '$out', '$merge'];

/**
 * The database as one feature sees it. Any other collection than its own throws, also if its name is computed or in an aggregation, because a
 * feature that reads the records of another one breaks when that one changes them, and an erasure does not know of it.
 */
export class Database {
  readonly #connection: Connection;
  readonly #owns: ((collection: string) => boolean) | undefined;

  /** @param owns which collections may be used. Default: all, for what concerns the database as a whole. */
  constructor(connection: Connection, owns?: (collection: string) => boolean) {
    this.#connection = connection;
    this.#owns = owns;
  }

  /** The same database with these collections only. */
  only(owns: (collection: string) => boolean): Database {
    return new Database(this.#connection, owns);
  }

  /** @throws if the collection belongs to another feature */
  collection<Document extends object = Named & mongoose.mongo.BSON.Document>(
    name: string,
  ): mongoose.mongo.Collection<Document> {
    this.#expectOwned(name);
    return this.#guarded(this.#connection.collection(name)) as unknown as mongoose.mongo.Collection<Document>;
  }

  /** @throws if the collection of the schema belongs to another feature */
  model<Document>(name: string, schema: Schema<Document>): Model<Document> {
    this.#expectOwned(String(schema.get('collection')));
    const model = this.#connection.model(name, schema) as unknown as Model<Document>;
    this.#guarded(model.collection);
    return model;
  }

  /** Files in GridFS: the collections `<name>.files` and `<name>.chunks`. @throws if they belong to another feature, or before `connect()` */
  bucket(bucketName: string): mongoose.mongo.GridFSBucket {
    this.#expectOwned(`${bucketName}.files`);
    this.#expectOwned(`${bucketName}.chunks`);
    if (!this.#connection.db) throw new Error('the store is not connected');
    return new mongoose.mongo.GridFSBucket(this.#connection.db, { bucketName });
  }

  /** The feature's collections that exist. */
  async listCollections(): Promise<string[]> {
    const found = (await this.#connection.db?.listCollections({}, { nameOnly: true }).toArray()) ?? [];
    return found.map(({ name }) => name).filter((name) => this.#owns?.(name) ?? true);
  }

  /** The clock of the server, by which processes agree. */
  async now(): Promise<Date> {
    const { localTime } = await this.#connection.getClient().db().admin().command({ hello: 1 });
    return localTime;
  }

  #expectOwned(collection: string): void {
    if (collection !== sharedCollection && this.#owns?.(collection) === false)
      throw new Error(`The collection ${collection} belongs to another feature. Use its repositories.`);
  }

  /** Models and `collection()` share the collection of a name, so the guard is set once and compares with its own feature. */
  #guarded(collection: Collection): Collection {
    if (!this.#owns || Object.hasOwn(collection, 'aggregate')) return collection;
    const aggregate = collection.aggregate.bind(collection);
    return Object.assign(collection, {
      aggregate: (...call: Parameters<typeof aggregate>) => {
        for (const name of collectionsIn(call[0])) this.#expectOwned(name);
        return aggregate(...call);
      },
    });
  }
}

/** The names of the collections that an aggregation reads or writes besides its own, at any depth. */
function collectionsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(collectionsIn);
  return Object.entries(value).flatMap(([key, part]) => [
    ...(crossingStages.includes(key) ? [nameIn(part)] : []),
    ...collectionsIn(part),
  ]);
}

/** `{ $out: 'name' }`, `{ $lookup: { from: 'name' } }`, `{ $merge: { into: 'name' } }`, `{ $unionWith: { coll: 'name' } }`. */
function nameIn(stage: unknown): string {
  if (typeof stage === 'string') return stage;
  const { from, coll, into } = stage as { readonly from?: string; readonly coll?: string; readonly into?: unknown };
  return from ?? coll ?? (typeof into === 'object' ? JSON.stringify(into) : String(into));
}

/** A document that is found by its id. */
export interface Named {
  readonly _id: string;
}
