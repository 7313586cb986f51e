import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { AppError, type Fault, invalidRequest, validate } from '@bulkhead/base';
import { type ConnectionWithoutSecrets, connectionError } from '@bulkhead/connections';
import type { ConnectionPlan, ConnectionService } from '@bulkhead/connections/commands';
import type { CohortService } from '@bulkhead/imports/export/commands';
import type { Schedule } from '@bulkhead/imports/schedules';
import { planSchedules, type ScheduleService } from '@bulkhead/imports/schedules/commands';
import { whileLeased } from '@bulkhead/store';
import type { WebhookService } from '@bulkhead/webhooks/commands';
import { type ConnectionPlanView, type DesiredConnection, desiredConnectionSchema } from './apply-connection.schema.ts';
import type { Store } from './create-store.ts';

interface Change {
  readonly what: string;
  readonly run: (id: string) => Promise<unknown>;
}

/** How a part of a connection differs. */
interface PartPlan {
  readonly changes: readonly Change[];
  readonly faults: readonly Fault[];
  /** Stored parts that the file does not have. */
  readonly others: readonly string[];
}

interface Plan extends PartPlan {
  /** Undefined if the connection does not exist. */
  readonly stored: ConnectionWithoutSecrets | undefined;
  readonly version: string;
  readonly purpose: string | undefined;
}

type Stored = ConnectionWithoutSecrets | undefined;
const scope = 'all';

/**
 * Brings connections to the state that a file describes, with their webhooks, cohorts and schedules.
 *
 *     plan: compare ──► changes, version ──► apply: take the lease, compare again, same version? make the changes
 *
 * Both compare in the same way, so a plan shows what would be done. An apply that is interrupted leaves changes undone, which the next plan
 * has. Nothing is ever deleted.
 */
export class ApplyConnectionService {
  readonly #options;

  constructor(options: {
    readonly store: Store;
    readonly connections: ConnectionService;
    readonly schedules: ScheduleService;
    readonly cohorts: CohortService;
    readonly webhooks: WebhookService;
  }) {
    this.#options = options;
  }

  /** Compares entries of a file with what is stored. Nothing is changed. */
  async plan(entries: readonly unknown[]): Promise<ConnectionPlanView[]> {
    const results = entries.map((entry) => validate(desiredConnectionSchema, entry));
    const plans = (await this.#plan(results.flatMap((result) => (result.isValid ? [result.data] : [])))).values();
    return results.map((result) => {
      const plan = result.isValid ? plans.next().value : undefined;
      return plan
        ? toView(plan)
        : { version: '', changes: [], others: [], faults: result.isValid ? [] : [...result.faults], lastTest: 'none' };
    });
  }

  /**
   * Makes the changes of a plan.
   * @param options.version of the plan
   * @returns the id of the connection, and what was changed
   * @throws AppError `invalid-request`, `connection-changed-meanwhile` if the connection is no longer as the plan saw it
   */
  async apply({ desired, version }: { readonly desired: DesiredConnection; readonly version: string }) {
    const before = await this.#planOne(desired, version);
    const id = before.stored?.id ?? (await this.#create(desired));
    const changes = before.stored ? [] : [created];
    const run = async () => {
      const plan = await this.#planOne(desired, before.stored ? version : undefined);
      for (const change of plan.changes) {
        await change.run(id);
        changes.push(change.what);
      }
    };
    if (!(await whileLeased({ leases: this.#options.store.connections.leases, id, run }))) throw changedMeanwhile();
    return { id, changes };
  }

  /** @param version that it must have @throws AppError `invalid-request`, `connection-changed-meanwhile` */
  async #planOne(desired: DesiredConnection, version: string | undefined): Promise<Plan> {
    const [plan] = await this.#plan([desired]);
    if (!plan || (version !== undefined && plan.version !== version)) throw changedMeanwhile();
    if (plan.faults.length > 0) throw invalidRequest(plan.faults);
    return plan;
  }

  /** The unique keys of names and purposes refuse the second of two simultaneous requests. */
  async #create(desired: DesiredConnection): Promise<string> {
    const { webhook: _, schedules, cohorts: _cohorts, origins: _origins, aliases: _aliases, ...body } = desired;
    try {
      return (await this.#options.connections.create({ ...body, schedule: schedules === undefined })).id;
    } catch (error) {
      const isTaken = error instanceof AppError && ['connection-name-taken', 'connection-exists'].includes(error.code);
      throw isTaken ? changedMeanwhile(error) : error;
    }
  }

  async #plan(entries: readonly DesiredConnection[]): Promise<Plan[]> {
    const plans = await this.#options.connections.plan(entries);
    const ids = plans.flatMap(({ stored }) => stored?.id ?? []);
    const schedules = ids.length === 0 ? [] : await this.#options.store.schedules.list({ scope: ids });
    const schedulesOf = Map.groupBy(schedules, ({ connectionId }) => connectionId);
    return Promise.all(
      entries.map(async (desired, index) => {
        const { stored, ...plan } = plans[index] as (typeof plans)[number];
        const own = stored ? (schedulesOf.get(stored.id) ?? []) : [];
        const cohorts = await this.#planCohorts(desired, stored);
        const parts = [
          { faults: plan.faults, changes: stored ? this.#changesOf(plan) : [], others: [] },
          await this.#planWebhook(desired, stored),
          // A schedule can name a cohort.
          cohorts,
          this.#planSchedules(desired, own, cohorts.names),
        ];
        return {
          stored,
          version: versionOf({ stored, schedules: own, cohorts: cohorts.versions }),
          purpose: stored ? undefined : plan.purpose,
          changes: parts.flatMap(({ changes }) => changes),
          others: parts.flatMap(({ others }) => others),
          faults: parts.flatMap(({ faults }) => faults),
        };
      }),
    );
  }

  #changesOf({ auth, origins }: ConnectionPlan): Change[] {
    const { connections } = this.#options;
    return [
      ...(auth
        ? [{ what: 'credentials', run: (id: string) => connections.changeCredentials({ id, scope, body: auth }) }]
        : []),
      ...(origins
        ? [{ what: 'origins', run: (id: string) => connections.changeOrigins({ id, scope, body: origins }) }]
        : []),
    ];
  }

  async #planWebhook({ webhook }: DesiredConnection, stored: Stored): Promise<PartPlan> {
    if (webhook === undefined) return nothing;
    const { faults, body } = await this.#options.webhooks.plan({ desired: webhook, stored });
    const run = async (id: string) => body && this.#options.webhooks.set({ id, scope, body });
    return { ...nothing, faults: below('webhook', faults), changes: body ? [{ what: 'webhook', run }] : [] };
  }

  async #planCohorts({ cohorts, schedules = [] }: DesiredConnection, stored: Stored) {
    const isCompared = cohorts !== undefined || schedules.some(({ request }) => request.cohort !== undefined);
    const listed = stored && isCompared ? await this.#options.store.cohorts.list(stored.id) : [];
    const changes = await Promise.all(
      Object.entries(cohorts ?? {}).map(async ([name, { patients }]): Promise<Change[]> => {
        const before = stored && (await this.#options.store.cohorts.find({ connectionId: stored.id, name }));
        if (before && isDeepStrictEqual(before.patients, patients)) return [];
        return [{ what: `cohort ${name}`, run: (id) => this.#options.cohorts.set({ id, scope, name, patients }) }];
      }),
    );
    const others = cohorts ? listed.filter(({ name }) => !Object.hasOwn(cohorts, name)) : [];
    return {
      ...nothing,
      changes: changes.flat(),
      others: others.map(({ name }) => `cohort ${name}`),
      names: new Set([...listed.map(({ name }) => name), ...Object.keys(cohorts ?? {})]),
      versions: listed.map(({ name, version }) => [name, version]),
    };
  }

  #planSchedules(
    { schedules: desired }: DesiredConnection,
    stored: readonly Schedule[],
    cohorts: ReadonlySet<string>,
  ): PartPlan {
    if (desired === undefined) return nothing;
    const { schedules } = this.#options;
    const { create, change, others } = planSchedules(desired, stored);
    const faults = desired.flatMap(({ request: { cohort } }, index) => {
      const isKnown = cohort === undefined || cohorts.has(cohort);
      return isKnown
        ? []
        : [{ path: `schedules.${index}.request.cohort`, message: 'is not a cohort of the connection' }];
    });
    return {
      faults,
      changes: [
        ...change.map(({ schedule, to: { cron, timeZone, spread, paused } }) => ({
          what: `schedule ${toText(schedule)} to ${cron} ${timeZone}${paused ? ', paused' : ''}`,
          run: () => schedules.change({ id: schedule.id, scope, body: { cron, timeZone, spread, paused } }),
        })),
        ...create.map((body) => ({
          what: `new schedule ${toText(body)}`,
          run: (connectionId: string) => schedules.create({ scope, body: { ...body, connectionId } }),
        })),
      ],
      others: others.map((schedule) => `schedule ${schedule.id} ${toText(schedule)}`),
    };
  }
}

const created = 'create';
const nothing: PartPlan = { changes: [], faults: [], others: [] };

function toView({ stored, version, purpose, changes, others, faults }: Plan): ConnectionPlanView {
  return {
    ...(stored ? { id: stored.id } : {}),
    version,
    changes: [...(stored ? [] : [created]), ...changes.map(({ what }) => what)],
    others: [...others],
    faults: [...faults],
    ...(purpose === undefined ? {} : { purpose }),
    lastTest: stored?.lastTest ? (stored.lastTest.ok ? 'ok' : 'failed') : 'none',
  };
}

function changedMeanwhile(cause?: unknown): AppError {
  return connectionError('connection-changed-meanwhile', { cause });
}

function below(field: string, faults: readonly Fault[]): Fault[] {
  return faults.map(({ path, message }) => ({ path: `${field}.${path}`, message }));
}

function toText({ kind, cron, timeZone }: Pick<Schedule, 'kind' | 'cron' | 'timeZone'>): string {
  return `${kind} ${cron} ${timeZone}`;
}

/** Everything that a change of a file can change, but not what a run or a test changes. */
function versionOf(options: {
  readonly stored: Stored;
  readonly schedules: readonly Schedule[];
  readonly cohorts: readonly unknown[];
}): string {
  const { id, credentialsVersion, origins, aliases, webhookUrl } = options.stored ?? {};
  const schedules = options.schedules.map(({ id: of, cron, timeZone, spreadMs, paused }) => [
    of,
    cron,
    timeZone,
    spreadMs,
    paused,
  ]);
  const state = [id, credentialsVersion, origins, aliases, webhookUrl, schedules, options.cohorts];
  return createHash('sha256').update(JSON.stringify(state)).digest('base64url');
}
