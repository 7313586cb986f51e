import { Router } from 'express';
import { orderScenario } from '../scenarios/order-scenario.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { scenarios } from '../scenarios/scenarios.ts';
import type { Simulator } from '../simulator.ts';

/** `/_sim/scenarios`: list, order, and call off whatever was ordered. */
export function controlScenariosRoute(simulator: Simulator): Router {
  const router = Router();
  router.get('/_sim/scenarios', (_req, res) => {
    res.json(scenarios);
  });
  router.post('/_sim/scenarios/:name', async (req, res) => {
    const scenario: Scenario | undefined = scenarios.find(({ name }) => name === req.params.name);
    if (!scenario) {
      res.status(404).json({ error: 'There is no such scenario.', scenarios: scenarios.map(({ name }) => name) });
      return;
    }
    await orderScenario({ simulator, scenario });
    res.status(201).json(scenario);
  });
  router.delete('/_sim/scenarios', (_req, res) => {
    simulator.faults.clear();
    simulator.runtimeOptions.reset();
    res.sendStatus(204);
  });
  return router;
}
