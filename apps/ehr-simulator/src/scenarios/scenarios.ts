import type { FaultySimulator } from '../faults/fault-board.ts';
import { faultOrderSchema } from '../faults/fault-order.ts';
import { kickOffScenarios } from './kick-off.scenarios.ts';
import { lineScenarios } from './line.scenarios.ts';
import { manifestScenarios } from './manifest.scenarios.ts';
import { resourceScenarios } from './resource.scenarios.ts';
import type { Scenario } from './scenario.ts';
import { serverScenarios } from './server.scenarios.ts';
import { deleteScenarios, statusScenarios } from './status.scenarios.ts';
import { transferScenarios } from './transfer.scenarios.ts';

/** Every scenario. To add one, add an entry to a list, a check in `testing/` and a line in the README. */
export const scenarios = [
  ...serverScenarios,
  ...kickOffScenarios,
  ...statusScenarios,
  ...manifestScenarios,
  ...transferScenarios,
  ...lineScenarios,
  ...resourceScenarios,
  ...deleteScenarios,
] as const;

export type ScenarioName = (typeof scenarios)[number]['name'];

/** Applies the options, faults and resources of a scenario, in addition to what was ordered before. */
export async function orderScenario(simulator: FaultySimulator, scenario: Scenario): Promise<void> {
  const { options = {}, orders = [], resources = [] } = scenario;
  const checked = orders.map((order) => faultOrderSchema.parse(order));
  simulator.runtimeOptions.change(options);
  for (const text of resources) {
    const { resourceType: type, id } = JSON.parse(text);
    await simulator.practice.put({ type, id, text });
  }
  for (const order of checked) simulator.faults.post(order);
}
