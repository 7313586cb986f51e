import { batchedInsert, mongooseSchemaOf, type StoreContext } from '@bulkhead/store';
import { z } from 'zod';
import type { BulkExportPhase } from './bulk-export-phase.ts';

const documentSchema = z.strictObject({
  /** `<practice>/<number of the slot>`. */
  id: z.string(),
  exportId: z.string(),
  connectionId: z.string(),
});

const schema = mongooseSchemaOf(documentSchema, { collection: 'export_slots' });
schema.index({ connectionId: 1 });

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
 * export is no longer active at the EHR. The `_id` keeps two exports from taking the same slot.
 */
export class ExportSlotRepository {
  private readonly gate;
  private readonly model;
  private readonly insert;
  private readonly exports;

  constructor({ database, gate }: Omit<StoreContext, 'secretBox'>) {
    this.gate = gate;
    this.model = database.model('ExportSlot', schema);
    this.insert = batchedInsert(this.model);
    this.exports = database.collection<{ _id: string; phase: BulkExportPhase }>('bulk_exports');
  }

  /** Takes a free slot, or keeps the one that the export has. @returns the exports that hold the slots, or undefined if it has one */
  take(request: SlotRequest): Promise<readonly string[] | undefined> {
    return this.gate.admit(request.connectionId, () => this.takeFree(request));
  }

  private async isActive(exportId: string): Promise<boolean> {
    const record = await this.exports.findOne({ _id: exportId }, { projection: { phase: 1 } });
    return record !== null && activeAtServer.has(record.phase);
  }

  private async takeFree({ practice, exportId, connectionId, slots }: SlotRequest) {
    const ids = Array.from({ length: slots }, (_, index) => `${practice}/${index}`);
    const holders = new Map(
      (await this.model.find({ _id: { $in: ids } }).lean()).map((slot) => [slot._id, slot.exportId] as const),
    );
    if ([...holders.values()].includes(exportId)) return undefined;
    const active: string[] = [];
    for (const _id of ids) {
      const holder = holders.get(_id);
      if (holder === undefined) {
        if (await this.insert({ _id, exportId, connectionId })) return undefined;
        continue;
      }
      if (await this.isActive(holder)) {
        active.push(holder);
        continue;
      }
      const takeover = await this.model.updateOne({ _id, exportId: holder }, { $set: { exportId, connectionId } });
      if (takeover.matchedCount === 1) return undefined;
    }
    return active;
  }
}
