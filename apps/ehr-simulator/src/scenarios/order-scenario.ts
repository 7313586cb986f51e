import { faultOrderSchema } from '../faults/fault-order.ts';
import type { Simulator } from '../simulator.ts';
import type { Scenario } from './scenario.ts';

export interface OrderScenarioInput {
  readonly simulator: Simulator;
  readonly scenario: Scenario;
}

/** Options, orders and resources at once. It comes on top of what was ordered before. */
export async function orderScenario({ simulator, scenario }: OrderScenarioInput): Promise<void> {
  const { options = {}, orders = [], resources = [] } = scenario;
  const checked = orders.map((order) => faultOrderSchema.parse(order));
  simulator.runtimeOptions.change(options);
  for (const text of resources) {
    const { resourceType: type, id } = JSON.parse(text);
    await simulator.practice.put({ type, id, text });
  }
  for (const order of checked) simulator.faults.post(order);
}
