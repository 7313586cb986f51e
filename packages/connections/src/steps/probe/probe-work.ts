import type { EhrSession } from '@bulkhead/ehr';
import { type Capabilities, type FactName, type Facts, factSchemas } from '@bulkhead/ehr/providers';
import type { Connection } from '../../connection.record.ts';
import type { Probe } from '../../probe/probe.record.ts';
import type { ConnectionDeps } from '../deps.ts';
import type { createKickOffs } from './kick-offs.ts';
import type { LimitedSession } from './limited-session.ts';

/** What the parts of a probe share. */
export interface ProbeWork {
  readonly deps: Pick<ConnectionDeps<never>, 'now'>;
  readonly probe: Probe;
  readonly connection: Connection;
  readonly capabilities: Capabilities | undefined;
  readonly session: EhrSession;
  readonly limited: LimitedSession;
  readonly kickOffs: ReturnType<typeof createKickOffs>;
  readonly sheet: FactSheet;
  /** Up to two patients who are stored. None before the first import. They never get into a fact. */
  readonly patientIds: readonly string[];
  readonly storedTypes: readonly string[];
  /** A second type for lists of types. */
  readonly secondType: string | undefined;
  /** How many were sent. */
  statusRequests: number;
  readonly signal: AbortSignal;
  readonly wait: (ms: number) => Promise<void>;
}

/** The facts that a probe has found so far. Their texts are of Bulkhead alone: no text of the EHR gets into a file of facts. */
export class FactSheet {
  readonly #facts: Record<string, { value?: unknown; how: string }> = {};

  /** A value that does not fit the schema of its fact is unknown, so that nothing unexpected is kept. */
  set(name: FactName, value: unknown, how: string): void {
    const isUsable = factSchemas[name].safeParse(value).success;
    this.#facts[name] = isUsable ? { value, how } : { how: `unknown: the EHR's value has an unexpected form (${how})` };
  }

  unknown(name: FactName, why: string): void {
    if (this.#facts[name]?.value === undefined) this.#facts[name] = { how: `unknown: ${why}` };
  }

  /** Why nothing was measured that is not noted yet. */
  fill(names: readonly FactName[], why: string): void {
    for (const name of names) this.#facts[name] ??= { how: `unknown: ${why}` };
  }

  /** Forgets a value that a later measurement has explained otherwise. */
  clear(name: FactName, why: string): void {
    this.#facts[name] = { how: `unknown: ${why}` };
  }

  has(name: FactName): boolean {
    return this.#facts[name]?.value !== undefined;
  }

  value(name: FactName): unknown {
    return this.#facts[name]?.value;
  }

  get facts(): Facts {
    return this.#facts as Facts;
  }
}

/**
 * The id with `{practiceId}` instead of the id of the practice.
 * @returns undefined if it has no such part, or other numbers that could be ids of their own
 */
export function templateOf(id: string, practiceId: string): string | undefined {
  if (practiceId === '' || !id.includes(practiceId)) return undefined;
  const template = id.replace(practiceId, '{practiceId}');
  return factSchemas.practiceId.safeParse(template).success ? template : undefined;
}
