import type { AuditActor } from '@bulkhead/access/audit';
import { type AppError, invalidRequest, newId } from '@bulkhead/base';
import { type ConnectionStore, otherIdMessage } from '@bulkhead/connections';
import { isResourceId } from '@bulkhead/fhir';
import type { Producer } from '@bulkhead/queues';
import type { ResourceStore } from '@bulkhead/records';
import {
  type ActiveWork,
  type ConnectionScope,
  type DataAmounts,
  type FeatureData,
  isInScope,
  noAmounts,
  pageQuery,
  readPage,
  type ScopedReference,
  sumAmounts,
  type View,
  viewOf,
  viewShapeOf,
} from '@bulkhead/store';
import { z } from 'zod';
import type { ErasureStore } from '../erasure.feature.ts';
import { type Erasure, erasureSchema } from '../erasure.record.ts';
import { erasureError } from '../errors.ts';
import { countOfConnection, countOfPatient } from '../feature-counts.ts';
import { eraseJob } from '../jobs.ts';
import { keepOut } from '../keep-out.ts';

interface ConnectionReference {
  readonly connectionId: string;
  readonly scope: ConnectionScope;
}

interface PatientReference extends ConnectionReference {
  readonly patientId: string;
}

/** The erasure of a request, and whether the request has started it. */
export interface RequestedErasure {
  readonly erasure: Erasure;
  readonly isChanged: boolean;
}

/**
 * Deletes all stored data of a connection or of one patient. This service counts what is stored and records the request. Workers do
 * the work (`runErasure`).
 *
 *     queued --(the work for the connection was stopped)--> running --(a late pass found nothing)--> completed
 *
 * - gate/erasure-gate.ts refuses writes for an erased connection in every process.
 * - Each feature finds and deletes its own records (`FeatureData`).
 */
export class ErasureService {
  readonly #store;
  readonly #producer;

  constructor(options: {
    readonly store: ErasureStore &
      Pick<ConnectionStore, 'connections'> &
      Pick<ResourceStore, 'keptOut'> & {
        readonly features: readonly FeatureData[];
        readonly apiKeys: { readonly listIdsOf: (connectionId: string) => Promise<readonly string[]> };
        readonly backendClients: { readonly listIdsOf: (connectionId: string) => Promise<readonly string[]> };
      };
    readonly producer: Producer;
  }) {
    this.#store = options.store;
    this.#producer = options.producer;
  }

  /** Counts what is stored, even if the connection was deleted: stored records contain its id. @throws AppError `unknown-connection` */
  async amountsOf({ connectionId, scope }: ConnectionReference): Promise<DataAmounts> {
    if (!isInScope(scope, connectionId)) throw unknownConnection(connectionId);
    const amounts = await countOfConnection(this.#store.features, connectionId);
    if (isNothing(amounts) && !(await this.#exists(connectionId))) throw unknownConnection(connectionId);
    return amounts;
  }

  /**
   * Hides the connection at once. Workers then cancel its exports and syncs and erase the connection with all of its data.
   * @throws AppError `unknown-connection`
   */
  async eraseConnection({ requestedBy, ...reference }: ConnectionReference & { readonly requestedBy: AuditActor }) {
    const { connectionId } = reference;
    await this.amountsOf(reference);
    // The erasure takes the connection from the lists of these keys.
    const readerKeyIds = [
      ...(await this.#store.apiKeys.listIdsOf(connectionId)),
      ...(await this.#store.backendClients.listIdsOf(connectionId)),
    ];
    const requested = await this.#request({ kind: 'connection', connectionId, readerKeyIds }, requestedBy);
    if (await this.#store.connections.find(connectionId))
      await this.#store.connections.markDeleted({ id: connectionId, now: new Date() });
    await this.#enqueue(requested.erasure.id);
    return requested;
  }

  /** Counts what an erasure of the patient would delete, without changing anything. @throws AppError `unknown-connection`, `invalid-request` */
  async amountsOfPatient(reference: PatientReference): Promise<DataAmounts> {
    await this.#checkPatient(reference);
    const { features } = this.#store;
    const amounts = countOfPatient(features, { ...reference, timeLimitMs: dryRunMs });
    const mentions = features.map((feature) => feature.countMentions(reference, { timeLimitMs: dryRunMs }));
    return sumAmounts(await Promise.all([amounts, ...mentions]));
  }

  /**
   * Lets workers erase a patient.
   * @param options.keepsOut whether resources of the patient are never stored again
   * @throws AppError `unknown-connection`, `invalid-request`, `connection-in-use`, `connection-of-patient`
   */
  async erasePatient(options: PatientReference & { readonly keepsOut: boolean; readonly requestedBy: AuditActor }) {
    const { connectionId, patientId, keepsOut, requestedBy } = options;
    await this.#checkPatient(options);
    const connection = await this.#store.connections.find(connectionId);
    if (connection?.userId === patientId) throw erasureError('connection-of-patient');
    await this.#checkIdle(connectionId);
    const requested = await this.#request({ kind: 'patient', connectionId, patientId, keepsOut }, requestedBy);
    await this.#enqueue(requested.erasure.id);
    return requested;
  }

  /**
   * Lets an erasure end without a process that no longer exists. Only an operator knows that: a machine that does not answer may only
   * sleep.
   * @throws AppError `unknown-erasure`, `unknown-process`
   */
  async confirmStopped(options: ScopedReference & { readonly processId: string }): Promise<Erasure> {
    const { processId } = options;
    const erasure = await this.find(options);
    const waitsFor = erasure.waitsFor?.find(({ id }) => id === processId);
    if (!waitsFor) throw erasureError('unknown-process');
    await this.#store.writingProcesses.remove(processId);
    await this.#enqueue(erasure.id);
    return erasure;
  }

  /** Allows resources of the patient to be stored again. @returns false if they were allowed already */
  async allowPatient(reference: PatientReference): Promise<boolean> {
    await this.#checkPatient(reference);
    return this.#store.keptOut.remove(reference);
  }

  /** @throws AppError `unknown-erasure` */
  async find({ id, scope }: ScopedReference): Promise<Erasure> {
    const erasure = await this.#store.erasures.find(id);
    if (erasure && isInScope(scope, erasure.connectionId)) return erasure;
    throw erasureError('unknown-erasure');
  }

  /** One page, newest first. `next` is present if more erasures follow. */
  async list({ query, scope }: { readonly query: ErasureListQuery; readonly scope: ConnectionScope }) {
    const { connectionId } = query;
    return readPage(query, {
      ids: /^erase_/,
      read: (page) => this.#store.erasures.list({ connectionId, scope, ...page }),
    });
  }

  async #exists(connectionId: string): Promise<boolean> {
    return (
      (await this.#store.connections.find(connectionId)) !== undefined ||
      (await this.#store.connections.findDeletedAt(connectionId)) !== undefined
    );
  }

  async #request(
    subject: Pick<Erasure, 'kind' | 'connectionId'> & Partial<Pick<Erasure, 'patientId' | 'keepsOut' | 'readerKeyIds'>>,
    requestedBy: AuditActor,
  ): Promise<RequestedErasure> {
    const { kind, connectionId, patientId } = subject;
    const sameOne = { kind, connectionId, ...(patientId === undefined ? {} : { patientId }) };
    const active = await this.#store.erasures.findActive(sameOne);
    if (active && (active.keepsOut === true || subject.keepsOut !== true)) return { erasure: active, isChanged: false };
    if (active && patientId !== undefined) {
      // The rule first: the erasure that runs reads the record again, and must not end without it.
      await keepOut(this.#store, { connectionId, patientId, now: new Date() });
      const epoch = await this.#store.writingProcesses.raiseEpoch();
      const stronger = await this.#store.erasures.keepOut({ id: active.id, epoch });
      if (stronger) return { erasure: stronger, isChanged: true };
    }
    const erasure: Erasure = {
      id: newId('erase'),
      ...subject,
      phase: 'queued',
      version: 0,
      deleted: noAmounts,
      warnings: [],
      requestedBy,
      createdAt: new Date(),
    };
    await this.#store.erasures.insert(erasure);
    return { erasure, isChanged: true };
  }

  /** If Redis is unavailable, the sweep creates the job within a minute, because the record is stored. */
  #enqueue(erasureId: string): Promise<void> {
    return this.#producer.enqueue(eraseJob, { erasureId }).catch(() => undefined);
  }

  async #checkPatient({ connectionId, patientId, scope }: PatientReference): Promise<void> {
    if (!isResourceId(patientId)) {
      throw invalidRequest([{ path: 'patientId', message: 'must be the id of a patient, without `Patient/`' }]);
    }
    if (!isInScope(scope, connectionId)) throw unknownConnection(connectionId);
    if (!(await this.#exists(connectionId))) await this.amountsOf({ connectionId, scope });
  }

  /** An active export or sync could store the patient, or parts of it, again. */
  async #checkIdle(connectionId: string): Promise<void> {
    for (const { findActive } of this.#store.features) {
      const active = await findActive(connectionId);
      if (active) throw inUse(active);
    }
  }
}

function unknownConnection(id: string): AppError {
  const message = otherIdMessage(id);
  return erasureError('unknown-connection', message === undefined ? {} : { message });
}

function isNothing({ resources, records }: DataAmounts): boolean {
  return Object.keys(resources).length === 0 && Object.keys(records).length === 0;
}

function inUse({ name, context }: ActiveWork): AppError {
  return erasureError('connection-in-use', {
    message: `${name} of this connection is running and could store the patient again. Cancel it, or wait until it has ended. Then erase the patient.`,
    context,
  });
}

/** A dry run is a request, and clients wait for half a minute or less. */
const dryRunMs = 10_000;

export const deleteConnectionQuerySchema = z.strictObject({
  data: z
    .enum(['keep', 'purge'])
    .default('keep')
    .describe(
      'What happens to the stored data: `keep` deletes only the connection and its schedules, `purge` deletes everything that is stored for it.',
    ),
});

export const confirmStoppedSchema = z.strictObject({
  processId: z.string().min(1).max(100).describe('The `id` of an entry of `waitsFor`.'),
});

export const erasePatientQuerySchema = z.strictObject({
  keepOut: z
    .enum(['true', 'false'])
    .default('false')
    .describe('Whether resources of the patient are never stored again, until the patient is let in.'),
});

export const erasureListQuerySchema = z.strictObject({
  connectionId: z.string().min(1).max(100).optional().describe('Only erasures of this connection.'),
  ...pageQuery({ defaultLimit: 100 }),
});
type ErasureListQuery = z.output<typeof erasureListQuerySchema>;

const { stoppedAt, completedAt, ...fields } = viewShapeOf(erasureSchema, [
  'id',
  'kind',
  'connectionId',
  'patientId',
  'keepsOut',
  'phase',
  { found: ['resources', 'records', 'contentBytes'] },
  { deleted: ['resources', 'records', 'contentBytes'] },
  { warnings: ['code', 'message'] },
  { error: ['code', 'message'] },
  { requestedBy: ['name'] },
  'createdAt',
  'stoppedAt',
  { waitsFor: ['id', 'kind', 'host', 'pid', 'reportedAt'] },
  'completedAt',
]);

export const erasureViewSchema = z
  .strictObject({
    ...fields,
    requestedBy: z.string().meta({ description: 'The name of the API key that requested the erasure.' }),
    startedAt: stoppedAt,
    completedAt,
  })
  .meta({ id: 'Erasure', description: 'The deletion of all stored data of a connection or of a patient.' });

/** An erasure as the API shows it. */
export function toErasureView(erasure: Erasure): View<typeof erasureViewSchema> {
  return viewOf(erasureViewSchema, {
    ...erasure,
    requestedBy: erasure.requestedBy.name ?? erasure.requestedBy.id,
    startedAt: erasure.stoppedAt,
  });
}
