import { type AuditActor, newId } from '@bulkhead/access';
import { isResourceId } from '@bulkhead/fhir';
import type { Producer } from '@bulkhead/queues';
import { AppError, invalidRequest } from '@bulkhead/runtime';
import { type ConnectionScope, isInScope } from '@bulkhead/store';
import { z } from 'zod';
import { type DataAmounts, type Erasure, noAmounts } from '../erasure.record.ts';
import type { ErasureStore } from '../store.ts';

interface Which {
  readonly connectionId: string;
  readonly scope: ConnectionScope;
}

interface WhichPatient extends Which {
  readonly patientId: string;
}

/** An erasure after a request for it, and whether that has begun it. */
export interface RequestedErasure {
  readonly erasure: Erasure;
  readonly isChanged: boolean;
}

export type ErasureService = ReturnType<typeof createErasureService>;

/** Says how much is stored of a connection or a patient, and has workers erase it. */
export function createErasureService({
  store,
  producer,
}: {
  readonly store: ErasureStore;
  readonly producer: Producer;
}) {
  const exists = async (connectionId: string): Promise<boolean> =>
    (await store.connections.find(connectionId)) !== undefined ||
    (await store.connections.findDeleted(connectionId)) !== undefined;

  /** Also of a connection that was removed: its id is in what it stored. @throws AppError `unknown-connection` */
  const amountsOf = async ({ connectionId, scope }: Which): Promise<DataAmounts> => {
    if (!isInScope(scope, connectionId)) throw unknownConnection();
    const amounts = await store.connectionEraser.count(connectionId);
    if (isNothing(amounts) && !(await exists(connectionId))) throw unknownConnection();
    return amounts;
  };

  const request = async (
    which: Pick<Erasure, 'kind' | 'connectionId'> & Partial<Pick<Erasure, 'patientId' | 'keepsOut'>>,
    requestedBy: AuditActor,
  ): Promise<RequestedErasure> => {
    const { kind, connectionId, patientId } = which;
    const sameOne = { kind, connectionId, ...(patientId === undefined ? {} : { patientId }) };
    const active = await store.erasures.findActive(sameOne);
    if (active) return { erasure: active, isChanged: false };
    const erasure: Erasure = {
      id: newId('erase'),
      ...which,
      phase: 'queued',
      version: 0,
      deleted: noAmounts,
      warnings: [],
      requestedBy,
      createdAt: new Date(),
    };
    await store.erasures.insert(erasure);
    return { erasure, isChanged: true };
  };

  /** Without Redis the sweep does it within a minute: the record is stored. */
  const enqueue = (erasureId: string): Promise<void> =>
    producer.enqueue('maintenance.erase', { erasureId }).catch(() => undefined);

  return {
    amountsOf,

    /**
     * Hides the connection at once and has workers erase it with everything that is stored of it. What runs for it is cancelled.
     * @throws AppError `unknown-connection`
     */
    async eraseConnection({ requestedBy, ...which }: Which & { readonly requestedBy: AuditActor }) {
      const { connectionId } = which;
      await amountsOf(which);
      const requested = await request({ kind: 'connection', connectionId }, requestedBy);
      if (await store.connections.find(connectionId))
        await store.connections.markDeleted({ id: connectionId, now: new Date() });
      await enqueue(requested.erasure.id);
      return requested;
    },

    /** What an erasure of the patient would delete. Changes nothing. @throws AppError `unknown-connection`, `invalid-request` */
    async amountsOfPatient(which: WhichPatient): Promise<DataAmounts> {
      await checkPatient(which);
      return store.patientEraser.count(which);
    },

    /**
     * Has workers erase a patient.
     * @param options.keepsOut resources of the patient are not stored again
     * @throws AppError `unknown-connection`, `invalid-request`, `connection-in-use`, `connection-of-patient`
     */
    async erasePatient(
      options: WhichPatient & { readonly keepsOut: boolean; readonly requestedBy: AuditActor },
    ): Promise<RequestedErasure> {
      const { connectionId, patientId, keepsOut, requestedBy } = options;
      await checkPatient(options);
      const connection = await store.connections.find(connectionId);
      if (connection?.userId === patientId) throw connectionOfPatient();
      await checkIdle(connectionId);
      const requested = await request({ kind: 'patient', connectionId, patientId, keepsOut }, requestedBy);
      await enqueue(requested.erasure.id);
      return requested;
    },

    /** Lets the patient be stored again. @returns false if the patient was not kept out */
    async allowPatient(which: WhichPatient): Promise<boolean> {
      await checkPatient(which);
      return store.keptOut.remove(which);
    },

    /** @throws AppError `unknown-erasure` */
    async find({ id, scope }: { readonly id: string; readonly scope: ConnectionScope }): Promise<Erasure> {
      const erasure = await store.erasures.find(id);
      if (erasure && isInScope(scope, erasure.connectionId)) return erasure;
      throw new AppError({
        code: 'unknown-erasure',
        message: 'There is no such erasure. List them by GET /api/ehr/erasures.',
        retry: 'never',
      });
    },

    /** One page, newest first; `next` is there if more follow. */
    async list({ query, scope }: { readonly query: ErasureListQuery; readonly scope: ConnectionScope }) {
      const { limit, ...filter } = query;
      const found = await store.erasures.list({ ...filter, scope, limit: limit + 1 });
      const page = found.slice(0, limit);
      return { erasures: page, next: found.length > limit ? page.at(-1)?.id : undefined };
    },
  };

  async function checkPatient({ connectionId, patientId, scope }: WhichPatient): Promise<void> {
    if (!isResourceId(patientId)) throw invalidRequest([{ path: 'patientId', message: 'is no id of a patient' }]);
    if (!isInScope(scope, connectionId)) throw unknownConnection();
    if (!(await exists(connectionId))) await amountsOf({ connectionId, scope });
  }

  /** What is under way would bring the patient back, or half of it. */
  async function checkIdle(connectionId: string): Promise<void> {
    const isOfIt = (record: { readonly connectionId: string }) => record.connectionId === connectionId;
    const activeExport = (await store.bulkExports.listActive()).find(isOfIt);
    if (activeExport) throw inUse('An export', { exportId: activeExport.id });
    const activeRun = (await store.syncRuns.listActive()).find(isOfIt);
    if (activeRun) throw inUse('A sync', { syncRunId: activeRun.id });
  }
}

function isNothing({ resources, records }: DataAmounts): boolean {
  return Object.keys(resources).length === 0 && Object.keys(records).length === 0;
}

function unknownConnection(): AppError {
  return new AppError({
    code: 'unknown-connection',
    message:
      'There is no such connection, and nothing is stored of one with this id. List them by GET /api/ehr/connections.',
    retry: 'never',
  });
}

function connectionOfPatient(): AppError {
  return new AppError({
    code: 'connection-of-patient',
    message: 'The connection itself is about this patient. Delete the connection with `data=purge`.',
    retry: 'never',
  });
}

function inUse(what: 'An export' | 'A sync', context: Record<string, string>): AppError {
  return new AppError({
    code: 'connection-in-use',
    message: `${what} of this connection is running and could store the patient again. Cancel it, or erase the patient when it has ended.`,
    retry: 'never',
    context,
  });
}

export const deleteConnectionQuerySchema = z.strictObject({
  /** What becomes of what is stored. Left out: it stays. */
  data: z.enum(['keep', 'purge']).default('keep'),
});

export const erasePatientQuerySchema = z.strictObject({
  /** Whether resources of the patient are not stored again. */
  keepOut: z.enum(['true', 'false']).default('false'),
});

export const erasureListQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  /** The last id of the page before. */
  after: z.string().min(1).max(100).optional(),
});
type ErasureListQuery = z.output<typeof erasureListQuerySchema>;
