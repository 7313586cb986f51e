import { createHmac, randomBytes } from 'node:crypto';
import { createEncryptedField, idsBelow, isDuplicateKey, type KeptOutList, type StoreContext } from '@bulkhead/store';
import { Schema } from 'mongoose';
import { collections } from '../collections.ts';

/** An erased patient that a connection must not store again, or a Binary of one. It contains only keyed hashes of ids. */
interface KeptOutDocument {
  /** `<connectionId>/<hash>` */
  readonly _id: string;
  /** The hash of the patient. */
  readonly patient: string;
  readonly createdAt: Date;
}

interface KeyDocument {
  /** The id of the connection. */
  readonly _id: string;
  /** The encrypted key of the hashes. Without a key the hashes could be compared with those of all possible ids. */
  readonly encryptedKey: string;
}

const schema = new Schema<KeptOutDocument>(
  { _id: String, patient: { type: String, required: true }, createdAt: { type: Date, required: true } },
  { collection: collections.keptOutPatients, versionKey: false, strict: 'throw' },
);
const keySchema = new Schema<KeyDocument>(
  { _id: String, encryptedKey: { type: String, required: true } },
  { collection: collections.keptOutKeys, versionKey: false, strict: 'throw' },
);

/** `kept_out_patients`: erased patients that later exports must not store again. */
export class KeptOutRepository {
  readonly encryptedFields;
  readonly #gate;
  readonly #model;
  readonly #keys;
  readonly #encryptedKeys;

  constructor({ database, secretBox, gate }: StoreContext) {
    this.#gate = gate;
    this.#model = database.model('KeptOutPatient', schema);
    this.#keys = database.model('KeptOutKey', keySchema);
    this.#encryptedKeys = createEncryptedField({
      database,
      secretBox,
      collection: collections.keptOutKeys,
      field: 'encryptedKey',
      ownerOf: (connectionId) => `${connectionId}/kept-out`,
    });
    this.encryptedFields = [this.#encryptedKeys];
  }

  /** Adds a patient and their Binaries. Adding them a second time changes nothing. */
  async add(options: {
    readonly connectionId: string;
    readonly patientId: string;
    readonly binaryIds?: readonly string[];
    readonly now: Date;
  }): Promise<void> {
    const { connectionId, patientId, binaryIds = [], now } = options;
    await this.#gate.admit(connectionId, async () => {
      const key = await this.#ensureKey(connectionId);
      const patient = hashOf(patientId, key);
      for (const hash of [patient, ...binaryIds.map((id) => hashOf(binaryName(id), key))]) {
        const change = { $setOnInsert: { patient, createdAt: now } };
        await this.#model.updateOne({ _id: `${connectionId}/${hash}` }, change, { upsert: true });
      }
    });
  }

  /** Allows a patient to be stored again. @returns false if the patient was not kept out */
  async remove({ connectionId, patientId }: { readonly connectionId: string; readonly patientId: string }) {
    const key = await this.#findKey(connectionId);
    if (!key) return false;
    const { deletedCount } = await this.#model.deleteMany({
      _id: idsBelow(connectionId),
      patient: hashOf(patientId, key),
    });
    return deletedCount > 0;
  }

  /** @returns those of these Binaries that the connection keeps out, by what is stored now */
  async findBinaries(options: { readonly connectionId: string; readonly ids: readonly string[] }): Promise<string[]> {
    const { connectionId, ids } = options;
    const key = await this.#findKey(connectionId);
    if (!key) return [];
    const idOf = (id: string) => `${connectionId}/${hashOf(binaryName(id), key)}`;
    const found = await this.#model.find({ _id: { $in: ids.map(idOf) } }, { _id: 1 }).lean();
    const keptOut = new Set(found.map(({ _id }) => _id));
    return ids.filter((id) => keptOut.has(idOf(id)));
  }

  /** Reads the lists of all connections that keep patients out. */
  async listAll(): Promise<ReadonlyMap<string, KeptOutList>> {
    const lists = new Map<string, KeptOutList>();
    for (const { _id: connectionId, encryptedKey } of await this.#keys.find().lean()) {
      const key = this.#encryptedKeys.decrypt(connectionId, encryptedKey);
      const ids = new Set(
        (await this.#model.find({ _id: idsBelow(connectionId) }, { _id: 1 }).lean()).map(({ _id }) => _id),
      );
      const hasPatient = (id: string) => ids.has(`${connectionId}/${hashOf(id, key)}`);
      if (ids.size > 0) lists.set(connectionId, { hasPatient });
    }
    return lists;
  }

  async #findKey(connectionId: string): Promise<Buffer | undefined> {
    const document = await this.#keys.findById(connectionId).lean();
    return document ? this.#encryptedKeys.decrypt(connectionId, document.encryptedKey) : undefined;
  }

  async #ensureKey(connectionId: string): Promise<Buffer> {
    const key = await this.#findKey(connectionId);
    if (key) return key;
    const encryptedKey = this.#encryptedKeys.encrypt(connectionId, randomBytes(32));
    try {
      await this.#keys.create({ _id: connectionId, encryptedKey });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
    return this.#ensureKey(connectionId);
  }
}

function hashOf(name: string, key: Buffer): string {
  return createHmac('sha256', key).update(name).digest('base64url');
}

/** Cannot equal a patient id, because ids have no slash. */
function binaryName(id: string): string {
  return `Binary/${id}`;
}
