import type { Simulator } from '../simulator.ts';

/** Whether a type can be searched and read over REST, as the CapabilityStatement says. */
export function isInRest({
  simulator: { options },
  type,
}: {
  readonly simulator: Simulator;
  readonly type: string;
}): boolean {
  return options.restTypes?.includes(type) ?? true;
}
