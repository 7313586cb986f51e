import type { FactName, Facts } from '@bulkhead/ehr/providers';
import { factSchemas } from '@bulkhead/ehr/providers';

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
