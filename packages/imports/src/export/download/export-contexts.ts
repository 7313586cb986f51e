import { present } from '@bulkhead/base';
import type { Connection, ConnectionStore } from '@bulkhead/connections';
import { connectionGone } from '@bulkhead/connections/steps';
import { isNarrowed } from '@bulkhead/fhir';
import type { DocumentContext } from '@bulkhead/records';
import { SharedReads } from '@bulkhead/store';
import { type BulkExport, settledTime } from '../bulk-export.record.ts';
import type { BulkExportStore } from '../export.feature.ts';
import type { OutputFile } from '../output-file.record.ts';
import { sliceRequest } from '../patients/slice.ts';
import { sentSince } from '../sent-request.ts';

/** The data that all files of an export share. */
export interface ExportContext {
  readonly connection: Connection;
  readonly record: BulkExport;
}

export type ExportContexts = ReturnType<typeof createExportContexts>;

/**
 * Reads an export and its connection once for the files of a slice that need them at about the same time. An old context does no harm: a
 * cancellation ends the claims of the files, and tokens of old credentials are deleted with the credentials. That of an earlier slice would, because
 * its kick-off and its manifest were others.
 */
export function createExportContexts({
  store,
}: {
  readonly store: Pick<BulkExportStore, 'bulkExports'> & Pick<ConnectionStore, 'connections'>;
}) {
  const contexts = new SharedReads(async (exportId: string): Promise<ExportContext> => {
    const record = await store.bulkExports.find(exportId);
    const connection = record && (await store.connections.findWithSecrets(record.connectionId));
    if (!connection) throw connectionGone();
    return { connection, record };
  });
  return {
    async read({ exportId, slice }: Pick<OutputFile, 'exportId' | 'slice'>): Promise<ExportContext> {
      const context = await contexts.read(exportId);
      if (context.record.slice === slice) return context;
      contexts.forget(exportId);
      return contexts.read(exportId);
    },
  };
}

export type Observation = Pick<DocumentContext, 'observedAt' | 'isOfFullExport' | 'hasWrongTimes' | 'isSubsetted'> & {
  readonly level?: string;
  /** The listed patients, of all slices. Resources of others are not stored. Absent if every patient was requested. */
  readonly patients?: ReadonlySet<string>;
};

/**
 * What an export says about the versions that it contains. If the EHR's clock went back in its period, the time of the kick-off by our
 * own clock counts, and what it lists is decided by that alone: a deleted resource that it does not contain is gone.
 */
export function observation(record: BulkExport): Observation {
  const { kickOffSentAt, level, slices = [], clockWentBack = false } = record;
  const lists = slices.map((slice) => slice.patients);
  // A whole Group is a slice without a list, before those of its new members.
  const patients = lists.length > 0 && !lists.some(({ length }) => length === 0) ? new Set(lists.flat()) : undefined;
  return {
    ...present({ level, patients }),
    observedAt: (clockWentBack && kickOffSentAt) || settledTime(record).at,
    isOfFullExport: sentSince(record) === undefined && !isNarrowed(sliceRequest(record)),
    // A server can leave the tag SUBSETTED out.
    isSubsetted: record.request.elements !== undefined,
    hasWrongTimes: clockWentBack,
  };
}
