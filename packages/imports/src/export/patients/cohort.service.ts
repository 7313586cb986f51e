import { invalidRequest, validate } from '@bulkhead/base';
import type { ConnectionService } from '@bulkhead/connections/commands';
import type { ScopedReference } from '@bulkhead/store';
import { exportError } from '../errors.ts';
import type { BulkExportStore } from '../export.feature.ts';
import {
  type Cohort,
  type CohortChange,
  type CohortKey,
  type CohortSummary,
  cohortNameSchema,
  maxCohortPatients,
  maxCohorts,
} from './cohort.record.ts';

/** A cohort, for a caller who sees those of some connections only. The id is that of the connection. */
type CohortReference = ScopedReference & { readonly name: string };

/** Reads and changes cohorts for the API. */
export class CohortService {
  readonly #options;

  constructor(options: { readonly store: BulkExportStore; readonly connections: ConnectionService }) {
    this.#options = options;
  }

  /** Lists the cohorts of a connection without their patients. @throws AppError `unknown-connection` */
  async list(reference: ScopedReference): Promise<CohortSummary[]> {
    const { id } = await this.#options.connections.find(reference);
    return this.#options.store.cohorts.list(id);
  }

  /** @throws AppError `unknown-connection`, `unknown-cohort` */
  async get(reference: CohortReference): Promise<Cohort> {
    const { id: connectionId } = await this.#options.connections.find(reference);
    return findCohort(this.#options.store, { connectionId, name: reference.name });
  }

  /** Adds a cohort, or replaces its patients. @throws AppError `unknown-connection`, `invalid-request`, `too-many-cohorts` */
  async set({ patients, ...reference }: CohortReference & { readonly patients: readonly string[] }) {
    const { id: connectionId } = await this.#options.connections.find(reference);
    const { name } = reference;
    const valid = validate(cohortNameSchema, name);
    if (!valid.isValid) throw invalidRequest(valid.faults.map(({ message }) => ({ path: 'name', message })));
    return this.#save({ key: { connectionId, name }, patientsOf: () => patients });
  }

  /** Adds and removes patients. @throws AppError `unknown-connection`, `unknown-cohort`, `cohort-empty`, `cohort-full` */
  async change({ change, ...reference }: CohortReference & { readonly change: CohortChange }) {
    const { connectionId, name } = await this.get(reference);
    const { add = [], remove = [] } = change;
    const removed = new Set(remove);
    return this.#save({
      key: { connectionId, name },
      patientsOf: (cohort) => {
        if (!cohort) throw exportError('unknown-cohort');
        return [...new Set([...cohort.patients, ...add])].filter((id) => !removed.has(id));
      },
    });
  }

  /** @throws AppError `unknown-connection`, `unknown-cohort` */
  async delete(reference: CohortReference): Promise<void> {
    const { connectionId, name } = await this.get(reference);
    await this.#options.store.cohorts.delete({ connectionId, name });
    await this.#options.store.cohortMarks.deleteOf({ connectionId, name });
  }

  async #save(options: {
    readonly key: CohortKey;
    readonly patientsOf: (cohort: Cohort | undefined) => readonly string[];
  }): Promise<{ readonly cohort: Cohort; readonly isChanged: boolean }> {
    const { key, patientsOf } = options;
    for (;;) {
      const from = await this.#options.store.cohorts.find(key);
      const patients = patientsOf(from);
      if (patients.length === 0) throw exportError('cohort-empty');
      if (patients.length > maxCohortPatients) throw exportError('cohort-full');
      // Requests at the same moment can exceed it by their number.
      if (!from && (await this.#options.store.cohorts.count(key.connectionId)) >= maxCohorts)
        throw exportError('too-many-cohorts');
      if (from && isEqual(from.patients, patients)) return { cohort: from, isChanged: false };
      const cohort = await this.#options.store.cohorts.save({ key, from, patients, now: new Date() });
      if (cohort) return { cohort, isChanged: true };
    }
  }
}

function isEqual(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((id, index) => id === right[index]);
}

/** @throws AppError `unknown-cohort` */
export async function findCohort({ cohorts }: Pick<BulkExportStore, 'cohorts'>, key: CohortKey): Promise<Cohort> {
  const cohort = await cohorts.find(key);
  if (cohort) return cohort;
  throw exportError('unknown-cohort');
}
