import type { Random } from '../../random.ts';
import type { SimulatorControl } from '../../test-system/simulator-control.ts';

/** A change at the EHR. Positions are shares, because the lengths of the lists are not known yet. */
export interface ChangePlan {
  readonly what: 'update' | 'create' | 'delete';
  readonly typeShare: number;
  readonly resourceShare: number;
  /** The id of a created resource. */
  readonly id: string;
  /** A number such as `12.50`, whose text a double would change. */
  readonly amount: string;
}

/** Enough for files of several types, few enough to be made quickly. */
const counts = { min: 10, max: 40 } as const;

export function drawChanges(options: {
  readonly random: Random;
  readonly round: number;
  readonly withDeletions: boolean;
}): ChangePlan[] {
  const { random, round, withDeletions } = options;
  return Array.from({ length: random.integer(counts.min, counts.max) }, (_, index) => ({
    what: random.pick(
      withDeletions ? (['update', 'update', 'create', 'delete'] as const) : (['update', 'create'] as const),
    ),
    typeShare: random.share(),
    resourceShare: random.share(),
    id: `chaos-${round}-${index}`,
    amount: `${random.integer(1, 99)}.${random.integer(1, 9)}0`,
  }));
}

/** Makes the changes in order. The same plans on the same practice make the same changes. */
export async function makeChanges(simulator: SimulatorControl, changes: readonly ChangePlan[]): Promise<void> {
  const types = Object.keys(await simulator.types()).sort();
  const lines = new Map<string, string[]>();
  for (const change of changes) {
    const type = at(types, change.typeShare);
    const served = lines.get(type) ?? (await simulator.lines(type));
    lines.set(type, served);
    // The last resource of a type is kept as the template of new ones.
    if (served.length > 1) await makeChange({ simulator, type, change, served });
  }
}

async function makeChange(options: {
  readonly simulator: SimulatorControl;
  readonly type: string;
  readonly change: ChangePlan;
  /** The ids of this type, updated with each change. */
  readonly served: string[];
}): Promise<void> {
  const { simulator, type, change, served } = options;
  const line = at(served, change.resourceShare);
  const resource = JSON.parse(line) as { id: string };
  if (change.what === 'delete') {
    served.splice(served.indexOf(line), 1);
    await simulator.remove(`${type}/${resource.id}`);
    return;
  }
  const id = change.what === 'create' ? change.id : resource.id;
  const extension = [{ url: 'urn:bulkhead:chaos', valueDecimal: placeholder }];
  // JSON.stringify would write 12.5.
  const text = JSON.stringify({ ...resource, id, extension }).replace(`"${placeholder}"`, change.amount);
  if (change.what === 'create') served.push(text);
  await simulator.put(`${type}/${id}`, text);
}

const placeholder = '@amount';

function at<Value>(values: readonly Value[], share: number): Value {
  return values[Math.floor(share * values.length)] as Value;
}
