import type { StoredResource } from './stored-resource.ts';

/** A version that was written by hand; without text it is a deletion. */
export interface Change extends Omit<StoredResource, 'text'> {
  readonly text: string | undefined;
}

interface SequencedChange extends Change {
  readonly sequence: number;
}

/** Every change with its history, so that an export still reads what was current at its kick-off. */
export class Overlay {
  private readonly histories = new Map<string, Map<string, SequencedChange[]>>();
  private changeCount = 0;

  get sequence(): number {
    return this.changeCount;
  }

  types(): Iterable<string> {
    return this.histories.keys();
  }

  add<Text extends string | undefined>({
    type,
    ...change
  }: Omit<Change, 'text'> & { readonly type: string; readonly text: Text }) {
    this.changeCount += 1;
    const byId = this.histories.get(type) ?? new Map<string, SequencedChange[]>();
    this.histories.set(type, byId);
    byId.set(change.id, [...(byId.get(change.id) ?? []), { ...change, sequence: this.changeCount }]);
    return change;
  }

  latest({ type, id }: { readonly type: string; readonly id: string }): Change | undefined {
    return this.histories.get(type)?.get(id)?.at(-1);
  }

  /** By id, the newest change of each that was made by then. */
  asOf({ type, sequence }: { readonly type: string; readonly sequence: number }): ReadonlyMap<string, Change> {
    const changes = new Map<string, Change>();
    for (const [id, history] of this.histories.get(type) ?? []) {
      const change = history.findLast((candidate) => candidate.sequence <= sequence);
      if (change) changes.set(id, change);
    }
    return changes;
  }
}
