import {
  areCurrent,
  type Capabilities,
  type Connection,
  type ConnectionTest,
  type Provider,
  type ProviderRegistry,
} from '@bulkhead/providers';
import type { Producer } from '@bulkhead/queues';
import { AppError, type Fault, invalidRequest, unavailable, waitUntil } from '@bulkhead/runtime';
import { type ConnectionScope, isInScope } from '@bulkhead/store';
import type { ConnectionStore } from '../store.ts';
import type { ConnectionAuthBody, ConnectionBody } from './connection.schema.ts';
import { newConnection, toConnectionAuth } from './new-connection.ts';

const capabilitiesWaitMs = 10_000;
/** Four requests, some behind others of the same budget; clients and proxies give a request up after half a minute or so. */
const defaultTestWaitMs = 20_000;

export interface WhichConnection {
  readonly id: string;
  /** Where the address names one. */
  readonly provider?: string;
  readonly scope: ConnectionScope;
}

/** The schedules of connections, which are a feature of their own. */
export interface ConnectionSchedules {
  /** Adds the schedule that the provider's registry entry gives to new connections. */
  addDefault(connection: Connection, schedule: NonNullable<Provider['defaultSchedule']>): Promise<void>;
  removeAll(connectionId: string): Promise<void>;
}

export type ConnectionService = ReturnType<typeof createConnectionService>;

export function createConnectionService(options: {
  readonly store: ConnectionStore;
  readonly producer: Producer;
  readonly registry: ProviderRegistry;
  readonly schedules: ConnectionSchedules;
  /** How long the answer to a test waits for its end. */
  readonly testWaitMs?: number | undefined;
}) {
  const { store, producer, registry, schedules, testWaitMs = defaultTestWaitMs } = options;

  const find = async ({ provider, id, scope }: WhichConnection): Promise<Connection> => {
    if (provider !== undefined) registry.get(provider);
    const connection = isInScope(scope, id) ? await store.connections.find(id) : undefined;
    if (connection && (provider === undefined || connection.provider === provider)) return connection;
    throw new AppError({
      code: 'unknown-connection',
      message: 'There is no such connection. List them by GET /api/ehr/connections, or create one by POST.',
      retry: 'never',
    });
  };

  return {
    find,
    list: async (scope: ConnectionScope): Promise<Connection[]> =>
      (await store.connections.list()).filter(({ id }) => isInScope(scope, id)),

    /** @throws AppError `unknown-provider`, `invalid-request` */
    async create(body: ConnectionBody): Promise<Connection> {
      const provider = registry.get(body.provider);
      const connection = await newConnection({ body, provider });
      await store.connections.insert(connection);
      if (provider.defaultSchedule && body.schedule) await schedules.addDefault(connection, provider.defaultSchedule);
      return connection;
    },

    /**
     * Has a worker test the connection against the EHR.
     * @returns undefined where that takes longer than the wait: the result is then in the connection's `lastTest`.
     */
    async test(which: Omit<WhichConnection, 'provider'>): Promise<ConnectionTest | undefined> {
      const { lastTest: before } = await find(which);
      await producer.enqueueAgain('connection.test', { connectionId: which.id }).catch((cause: unknown) => {
        throw unavailable(cause);
      });
      return waitUntil(async () => {
        const { lastTest } = await find(which);
        return lastTest?.id === before?.id ? undefined : lastTest;
      }, testWaitMs);
    },

    /** Other credentials for the same connection; what was had with the old ones is not used any more. */
    async changeCredentials({
      body,
      ...which
    }: Omit<WhichConnection, 'provider'> & { readonly body: ConnectionAuthBody }): Promise<Connection> {
      const { id } = which;
      const connection = await find(which);
      const faults: Fault[] = [];
      const auth = await toConnectionAuth({ body, provider: registry.get(connection.provider), faults });
      if (faults.length > 0) throw invalidRequest(faults);
      await store.connections.saveAuth({ id, auth });
      const changed = await find(which);
      await store.accessTokens.supersede({ connectionId: id, credentialsVersion: changed.credentialsVersion ?? 0 });
      return changed;
    },

    /**
     * Its schedules go with it, and a worker takes its tokens back at the EHR.
     * @throws AppError `connection-in-use` while an export or a sync of it runs.
     */
    async delete({ id, scope }: Omit<WhichConnection, 'provider'>): Promise<void> {
      await find({ id, scope });
      const isOfIt = ({ connectionId }: { readonly connectionId: string }) => connectionId === id;
      const activeExport = (await store.bulkExports.listActive()).find(isOfIt);
      if (activeExport) throw connectionInUse('An export', { exportId: activeExport.id });
      const activeRun = (await store.syncRuns.listActive()).find(isOfIt);
      if (activeRun) throw connectionInUse('A sync', { syncRunId: activeRun.id });
      await schedules.removeAll(id);
      await store.connections.markDeleted({ id, now: new Date() });
      // Without Redis the sweep sees to it: the connection is gone for everybody already.
      await producer.enqueue('connection.revoke', { connectionId: id }).catch(() => undefined);
    },

    /** What the connection's server offers, as a worker read it; asked anew once a day. */
    async capabilities(which: WhichConnection & { readonly provider: string }): Promise<Capabilities> {
      const known = (await find(which)).capabilities;
      if (known && areCurrent(known, new Date())) return known;
      await producer.ensure('connection.read-capabilities', { connectionId: which.id }).catch((cause: unknown) => {
        throw unavailable(cause);
      });
      const read = await waitUntil(async () => {
        const { capabilities } = await find(which);
        return capabilities && capabilities.readAt.getTime() !== known?.readAt.getTime() ? capabilities : undefined;
      }, capabilitiesWaitMs);
      if (read ?? known) return (read ?? known) as Capabilities;
      throw new AppError({
        code: 'capabilities-unknown',
        message:
          'The EHR has not answered yet. Verify the FHIR endpoint of the connection, or ask again in some seconds.',
        retry: { afterMs: 5000 },
      });
    },
  };
}

function connectionInUse(what: 'An export' | 'A sync', context: Record<string, string>): AppError {
  return new AppError({
    code: 'connection-in-use',
    message: `${what} of this connection is running. Cancel it, or delete the connection when it has ended.`,
    retry: 'never',
    context,
  });
}
