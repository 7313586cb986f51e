import { AppError, type Fault, invalidRequest, present, throwUnavailable, waitUntil } from '@bulkhead/base';
import { areCurrent, type Capabilities, type Provider, type ProviderRegistry } from '@bulkhead/ehr/providers';
import type { Producer } from '@bulkhead/queues';
import type { ActiveWork, ScopedReference } from '@bulkhead/store';
import type { ConnectionStore } from '../connection.feature.ts';
import type { Connection, ConnectionTest, ConnectionWithoutSecrets } from '../connection.record.ts';
import { connectionExists, insertWithDefaultName, uniquePurposeOf } from '../connection-name.ts';
import { ConnectionReader, type ConnectionReference } from '../connection-reader.ts';
import { connectionError } from '../errors.ts';
import { readCapabilitiesJob, revokeJob, testConnectionJob, testDraftJob } from '../jobs.ts';
import type {
  ConnectionAuthBody,
  ConnectionBody,
  ConnectionDraftBody,
  ConnectionOrigins,
} from './connection.schema.ts';
import { newConnection, toConnectionAuth, withKeptSecret } from './new-connection.ts';
import { type ConnectionPlan, type DesiredConnection, originFaults, planConnection } from './plan-connection.ts';

const capabilitiesWaitMs = 10_000;
/** A test sends four requests, which may wait for others of the same budget. Clients and proxies give up after about 30 s. */
const defaultTestWaitMs = 20_000;

/** The schedules of connections. They are a separate feature, so the composition root passes this in. */
export interface ConnectionSchedules {
  /** Adds the schedule that the provider's registry entry gives to new connections. */
  addDefault(connection: ConnectionWithoutSecrets, schedule: NonNullable<Provider['defaultSchedule']>): Promise<void>;
  removeAll(connectionId: string): Promise<void>;
}

export class ConnectionService extends ConnectionReader {
  readonly #options;
  readonly #testWaitMs;

  constructor(options: {
    readonly store: ConnectionStore;
    readonly producer: Producer;
    readonly registry: ProviderRegistry;
    readonly schedules: ConnectionSchedules;
    /** The export or sync of a connection that is running. */
    readonly findActive: (connectionId: string) => Promise<ActiveWork | undefined>;
    /** How long a request for a test waits for the result. */
    readonly testWaitMs?: number | undefined;
  }) {
    super(options);
    this.#options = options;
    const { testWaitMs = defaultTestWaitMs } = options;
    this.#testWaitMs = testWaitMs;
  }

  /** @throws AppError `unknown-provider`, `invalid-request`, `connection-exists`, `connection-name-taken` */
  async create(body: ConnectionBody): Promise<ConnectionWithoutSecrets> {
    const provider = this.#options.registry.get(body.provider);
    const draft = await newConnection(body, provider);
    await this.#insert({ draft, name: body.name, isForced: body.force });
    const connection = await this.find({ id: draft.id, scope: 'all' });
    if (provider.defaultSchedule && body.schedule)
      await this.#options.schedules.addDefault(connection, provider.defaultSchedule);
    return connection;
  }

  /**
   * Compares connections, which their names identify, with what a file says about them. Nothing is changed.
   * @returns for each the stored connection, and how it differs. `purpose` is what no other connection of the file may be for
   */
  async plan(desired: readonly DesiredConnection[]): Promise<StoredPlan[]> {
    const { store, registry } = this.#options;
    const named = new Map(
      (await store.connections.listNamed(desired.map(({ name }) => name))).map((one) => [one.name, one]),
    );
    const plans = await Promise.all(
      desired.map(async (wanted) => {
        const listed = named.get(wanted.name);
        const stored = listed && (await this.#withSecrets(listed));
        const plan = await planConnection({ desired: wanted, stored, registry });
        const purpose = wanted.force || plan.draft === undefined ? undefined : uniquePurposeOf(plan.draft);
        return { ...plan, stored: listed, purpose };
      }),
    );
    const ofPlaces = await store.connections.listOfPlaces(
      plans.flatMap(({ draft, purpose }) => (purpose === undefined ? [] : (draft ?? []))),
    );
    const existing = new Map(ofPlaces.map((connection) => [uniquePurposeOf(connection), connection]));
    const others = plans.map(({ purpose }) => (purpose === undefined ? undefined : existing.get(purpose)));
    // Another request has created a connection with this name after the names were read.
    if (others.some((other, index) => other !== undefined && other.name === desired[index]?.name))
      return this.plan(desired);
    return plans.map(({ draft: _, ...plan }, index) => {
      const other = others[index];
      if (!other) return plan;
      const message = `is for the same practice, Group or server as the stored connection ${other.name}. Use that name, or set force to true`;
      return { ...plan, faults: [...plan.faults, { path: 'name', message }] };
    });
  }

  /** @throws AppError `connection-name-taken` @returns whether the name is another than before */
  async rename({ name, ...reference }: ScopedReference & { readonly name: string }) {
    const before = await this.find(reference);
    if ((await this.#options.store.connections.rename({ id: reference.id, name })) === undefined)
      await this.find(reference);
    return { connection: { ...before, name }, isChanged: before.name !== name };
  }

  /**
   * Has a worker test the connection against the EHR.
   * @returns undefined if the test takes longer than the wait. The result is then in the connection's `lastTest`.
   */
  async test(reference: ScopedReference): Promise<ConnectionTest | undefined> {
    const { lastTest: before } = await this.find(reference);
    await this.#options.producer
      .enqueueAgain(testConnectionJob, { connectionId: reference.id })
      .catch(throwUnavailable);
    return waitUntil(async () => {
      const { lastTest } = await this.find(reference);
      return lastTest?.id === before?.id ? undefined : lastTest;
    }, this.#testWaitMs);
  }

  /**
   * Has a worker test a connection that is not saved. Nothing is kept of it.
   * @param options.of the connection that would get these credentials
   * @throws AppError `unknown-provider`, `unknown-connection`, `invalid-request`, `connection-test-pending` if the test takes longer than the wait
   */
  async testDraft({
    body,
    of,
  }: {
    readonly body: ConnectionDraftBody;
    readonly of?: ScopedReference | undefined;
  }): Promise<ConnectionTest> {
    const provider = this.#options.registry.get(body.provider);
    const stored = of && (await this.#withSecrets(await this.find(of)));
    // A stored secret is only sent where the connection sends it.
    const { environment, fhirEndpoint } = { ...stored, ...present(body) };
    const isSameServer =
      stored?.provider === body.provider && stored.environment === environment && stored.fhirEndpoint === fhirEndpoint;
    const place = isSameServer ? { ...body, environment, fhirEndpoint } : body;
    const auth = isSameServer ? withKeptSecret({ auth: body.auth, stored: stored.auth, provider }) : body.auth;
    const draft = await newConnection({ ...place, auth }, provider);
    const { id } = draft;
    await this.#options.store.connectionDrafts.insert(draft);
    try {
      await this.#options.producer.enqueue(testDraftJob, { draftId: id }).catch(throwUnavailable);
      const test = await waitUntil(() => this.#options.store.connectionDrafts.findTest(id), this.#testWaitMs);
      if (test) return test;
    } finally {
      await this.#options.store.connectionDrafts.delete(id);
    }
    throw connectionError('connection-test-pending');
  }

  /**
   * Replaces the credentials of a connection. Access tokens of the old credentials are no longer used.
   * A secret that the body leaves out stays if it belongs to the same client.
   */
  async changeCredentials({
    body,
    ...reference
  }: ScopedReference & {
    readonly body: ConnectionAuthBody;
  }): Promise<ConnectionWithoutSecrets> {
    const { id } = reference;
    const connection = await this.find(reference);
    const provider = this.#options.registry.get(connection.provider);
    const { auth: stored } = await this.#withSecrets(connection);
    const faults: Fault[] = [];
    const auth = await toConnectionAuth({ body: withKeptSecret({ auth: body, stored, provider }), provider, faults });
    if (faults.length > 0) throw invalidRequest(faults);
    await this.#options.store.connections.saveAuth({ id, auth });
    const changed = await this.find(reference);
    await this.#options.store.accessTokens.supersede({
      connectionId: id,
      credentialsVersion: changed.credentialsVersion ?? 0,
    });
    return changed;
  }

  /** Replaces the origins that get the token of a connection. @throws AppError `invalid-request` for an origin that the provider excludes */
  async changeOrigins({
    body,
    ...reference
  }: ScopedReference & {
    readonly body: ConnectionOrigins;
  }): Promise<{ readonly connection: ConnectionWithoutSecrets; readonly isChanged: boolean }> {
    const before = await this.find(reference);
    const provider = this.#options.registry.get(before.provider);
    const faults = originFaults(body.origins, provider);
    if (faults.length > 0) throw invalidRequest(faults);
    await this.#options.store.connections.saveOrigins({ id: reference.id, ...body });
    const { origins = [], aliases = [] } = before;
    const isChanged = String([origins, '', aliases]) !== String([body.origins, '', body.aliases]);
    return { connection: await this.find(reference), isChanged };
  }

  /**
   * Deletes the connection and its schedules. A worker then revokes its tokens at the EHR.
   * @returns the connection as it was
   * @throws AppError `connection-in-use` while one of its exports, syncs or probes is running.
   */
  async delete({ id, scope }: ScopedReference): Promise<ConnectionWithoutSecrets> {
    const connection = await this.find({ id, scope });
    const active = await this.#options.findActive(id);
    if (active) throw connectionInUse(active);
    await this.#options.schedules.removeAll(id);
    await this.#options.store.connections.markDeleted({ id, now: new Date() });
    // If Redis is unavailable, the sweep creates the job later. The API no longer shows the connection.
    await this.#options.producer.enqueue(revokeJob, { connectionId: id }).catch(() => undefined);
    return connection;
  }

  /** What the connection's server offers. A worker reads it again once a day. */
  async capabilities(reference: ConnectionReference & { readonly provider: string }): Promise<Capabilities> {
    const stored = (await this.find(reference)).capabilities;
    if (stored && areCurrent(stored, new Date())) return stored;
    await this.#options.producer.ensure(readCapabilitiesJob, { connectionId: reference.id }).catch(throwUnavailable);
    const read = await waitUntil(async () => {
      const { capabilities } = await this.find(reference);
      return capabilities && capabilities.readAt.getTime() !== stored?.readAt.getTime() ? capabilities : undefined;
    }, capabilitiesWaitMs);
    if (read ?? stored) return (read ?? stored) as Capabilities;
    throw connectionError('capabilities-unknown');
  }

  /** A secret that cannot be read is one that a file must give again. */
  async #withSecrets(listed: ConnectionWithoutSecrets): Promise<Connection> {
    try {
      return (await this.#options.store.connections.findWithSecrets(listed.id)) ?? (listed as Connection);
    } catch (error) {
      if (error instanceof AppError && error.code === 'secret-unreadable') return listed as Connection;
      throw error;
    }
  }

  /**
   * The key of the purpose refuses the second of two simultaneous requests. Connections that were created with `force` have no key, so those of
   * the same place are compared first.
   */
  async #insert(options: {
    readonly draft: Connection;
    readonly name: string | undefined;
    readonly isForced: boolean;
  }): Promise<void> {
    const { draft, name, isForced } = options;
    const purpose = isForced ? undefined : uniquePurposeOf(draft);
    const ofPlace = purpose === undefined ? [] : await this.#options.store.connections.listOfPlaces([draft]);
    const existing = ofPlace.find((candidate) => uniquePurposeOf(candidate) === purpose);
    if (existing) throw connectionExists(existing);
    if (name === undefined) await insertWithDefaultName(this.#options.store.connections, draft, { purpose });
    else await this.#options.store.connections.insert({ ...draft, name }, { purpose });
  }
}

/** How a stored connection differs, and what no other connection of the file may be for. */
interface StoredPlan extends Omit<ConnectionPlan, 'draft'> {
  readonly stored: ConnectionWithoutSecrets | undefined;
  readonly purpose: string | undefined;
}

function connectionInUse({ name, context }: ActiveWork): AppError {
  return connectionError('connection-in-use', {
    message: `${name} of this connection is running. Cancel it, or wait until it has ended. Then delete the connection.`,
    context,
  });
}
