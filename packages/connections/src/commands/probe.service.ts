import { invalidRequest, throwUnavailable } from '@bulkhead/base';
import {
  compareFacts,
  type FactsFile,
  factNames,
  factsFileSchema,
  type ProviderRegistry,
  readFactsFile,
  titleOf,
} from '@bulkhead/ehr/providers';
import type { Producer } from '@bulkhead/queues';
import { type View, viewOf, viewShapeOf } from '@bulkhead/store';
import { z } from 'zod';
import type { ConnectionStore } from '../connection.feature.ts';
import type { ConnectionWithoutSecrets } from '../connection.record.ts';
import type { ConnectionReference } from '../connection-reader.ts';
import { connectionError } from '../errors.ts';
import { probeJob } from '../jobs.ts';
import { type Probe, type ProbeAmounts, probePlan, probeSchema } from '../probe/probe.record.ts';
import type { ConnectionService } from './connection.service.ts';

const { limits: amounts } = probeSchema.shape;

const factRowSchema = z
  .strictObject({
    name: z.string().describe('The name of the fact in a file.'),
    title: z.string().describe('What it is, for people.'),
    value: z.string().exactOptional().describe('The value as text. Absent if it is unknown.'),
    known: z.string().exactOptional().describe('What the provider had before. Absent if it had nothing.'),
    differs: z.boolean().describe('Whether the value is another than what was known.'),
    how: z.string().describe('How it was measured, or why it is unknown.'),
  })
  .meta({ id: 'FactRow', description: 'A fact that a probe has measured.' });

export const probeViewSchema = z
  .strictObject({
    ...viewShapeOf(probeSchema, [
      'phase',
      { limits: ['requests', 'exports'] },
      { used: ['requests', 'exports'] },
      { error: ['code', 'message'] },
      'createdAt',
      'endedAt',
    ]),
    rows: z.array(factRowSchema).describe('The facts in their order. Empty until the probe has ended.'),
    file: factsFileSchema.exactOptional().describe('The file of facts. Absent until the probe has ended.'),
  })
  .meta({ id: 'Probe', description: 'A probe of an EHR, and the facts that it has measured.' });

export const probeStateSchema = z
  .strictObject({
    plan: z
      .strictObject({ ...amounts.shape })
      .describe('What a probe sends at most: its requests, and the exports that it starts and deletes.'),
    probe: probeViewSchema.exactOptional().describe('The last probe. Absent if there was none.'),
  })
  .meta({ id: 'ProbeState', description: 'The last probe of a connection, and what the next one would send at most.' });

export const probeBodySchema = z
  .strictObject({
    requests: z.int().min(10).max(probePlan.requests).exactOptional().describe('At most so many requests.'),
    exports: z
      .int()
      .min(0)
      .max(probePlan.exports)
      .exactOptional()
      .describe(
        'At most so many exports. The default is 0 if the provider has a `kickOffWindow`, because each uses up a window.',
      ),
  })
  .meta({ description: 'Lower limits than those of the plan.' });
type ProbeBody = z.output<typeof probeBodySchema>;

export { factsFileSchema } from '@bulkhead/ehr/providers';

/** Starts, shows and cancels probes, and applies what they have measured. */
export class ProbeService {
  readonly #options;

  constructor(options: {
    readonly store: ConnectionStore;
    readonly producer: Producer;
    readonly registry: ProviderRegistry;
    readonly connections: ConnectionService;
    /** Of Bulkhead. */
    readonly version: string;
  }) {
    this.#options = options;
  }

  /** @throws AppError `unknown-connection` */
  async read(reference: ConnectionReference): Promise<View<typeof probeStateSchema>> {
    const { store, connections } = this.#options;
    const connection = await connections.find(reference);
    const probe = await store.probes.find(connection.id);
    return { plan: this.#planOf(connection), ...(probe ? { probe: this.#toView(probe, connection) } : {}) };
  }

  /** @throws AppError `unknown-connection`, `probe-running` */
  async start(reference: ConnectionReference, body: ProbeBody) {
    const { store, connections, producer } = this.#options;
    const connection = await connections.find(reference);
    const { id } = connection;
    await store.probes.start({ connectionId: id, limits: { ...this.#planOf(connection), ...body }, now: new Date() });
    await producer.enqueueAgain(probeJob, { connectionId: id }).catch(throwUnavailable);
    return this.read(reference);
  }

  /** @throws AppError `unknown-connection`, `no-probe` */
  async cancel(reference: ConnectionReference) {
    const { store, connections } = this.#options;
    const { id } = await connections.find(reference);
    if (!(await store.probes.cancel(id))) throw connectionError('no-probe');
    return this.read(reference);
  }

  /**
   * Stores a file of facts. Each process takes it in within some seconds.
   * @throws AppError `invalid-request` with each fault and its path, `unknown-provider`
   */
  async apply(content: unknown): Promise<FactsFile> {
    const { store, registry } = this.#options;
    const file = readFactsFile(content);
    const provider = registry.get(file.provider);
    if (!Object.hasOwn(provider.environments, file.environment)) {
      const names = Object.keys(provider.environments).join(', ');
      throw invalidRequest([
        { path: 'environment', message: `is not an environment of ${provider.id}. It has ${names}` },
      ]);
    }
    await store.providerFacts.save(file, new Date());
    return file;
  }

  /** Of an EHR with a window, one export of a probe would take the place of the next one. */
  #planOf({ provider }: ConnectionWithoutSecrets): ProbeAmounts {
    const { kickOffWindow } = this.#options.registry.get(provider);
    return kickOffWindow ? { ...probePlan, exports: 0 } : probePlan;
  }

  #toView(probe: Probe, connection: ConnectionWithoutSecrets): View<typeof probeViewSchema> {
    const { provider, environment } = connection;
    const { facts, endedAt, used } = probe;
    const compared = compareFacts(facts, { provider: this.#options.registry.get(provider), environment });
    const file = endedAt && {
      provider,
      environment,
      measuredAt: endedAt.toISOString(),
      version: this.#options.version,
      used: { requests: used.requests, exports: used.exports },
      facts: compared,
    };
    return viewOf(probeViewSchema, { ...probe, rows: file ? rowsOf(compared) : [], file });
  }
}

function rowsOf(facts: FactsFile['facts']): View<typeof factRowSchema>[] {
  return factNames.flatMap((name) => {
    const fact = facts[name];
    if (!fact) return [];
    const { value, known, differs = false, how } = fact;
    return viewOf(factRowSchema, {
      name,
      title: titleOf(name),
      how,
      differs,
      value: toText(value),
      known: toText(known),
    });
  });
}

function toText(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value.join(' ') || 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.entries(value)
    .map(([name, text]) => `${name}: ${text}`)
    .join(', ');
}
