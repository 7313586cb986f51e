import { type StoreContext, UniqueKeys } from '@bulkhead/store';
import type { BulkExportPhase } from '../bulk-export-phase.ts';
import { collections } from '../collections.ts';

/** An export in one of these phases is or will be active at the EHR. */
const activeAtServer: ReadonlySet<BulkExportPhase> = new Set(['queued', 'kicking-off', 'exporting']);

export interface SlotRequest {
  /** A text that all connections of the practice have in common. */
  readonly practice: string;
  readonly exportId: string;
  readonly connectionId: string;
  readonly slots: number;
}

/**
 * `export_slots`: how many exports an EHR runs at a time for a practice. A slot is taken before the kick-off and is free again when its
 * export is no longer active at the EHR.
 */
export class ExportSlotRepository {
  readonly #gate;
  readonly #keys;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    const exports = database.collection<{ _id: string; phase: BulkExportPhase }>(collections.bulkExports);
    this.#gate = gate;
    this.#keys = new UniqueKeys({
      database,
      collection: collections.exportSlots,
      // The export was stored long before it takes a slot.
      async isNeeded(_id) {
        const record = await exports.findOne({ _id }, { projection: { phase: 1 } });
        return record !== null && activeAtServer.has(record.phase);
      },
    });
  }

  /** Takes a free slot, or keeps the one that the export has. @returns the exports that hold the slots, or undefined if it has one */
  take(request: SlotRequest): Promise<readonly string[] | undefined> {
    return this.#gate.admit(request.connectionId, () => this.#takeFree(request));
  }

  async #takeFree({ practice, exportId, connectionId, slots }: SlotRequest) {
    const keys = Array.from({ length: slots }, (_, index) => `${practice}/${index}`);
    if ((await this.#keys.listHolders(keys)).includes(exportId)) return undefined;
    const active: string[] = [];
    for (const key of keys) {
      const holder = await this.#keys.take({ key, holder: exportId, connectionId, now: new Date() });
      if (holder === exportId) return undefined;
      active.push(holder);
    }
    return active;
  }
}
