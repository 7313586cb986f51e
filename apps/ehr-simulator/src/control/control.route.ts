import { createHealth, validate } from '@bulkhead/runtime';
import { json, Router } from 'express';
import type { BulkExport } from '../export/bulk-export.ts';
import { faultOrderSchema } from '../faults/fault-order.ts';
import { describeFaults } from '../options/options.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { orderScenario, scenarios } from '../scenarios/scenarios.ts';
import type { Simulator } from '../simulator.ts';

/** `/_sim/requests`, `/_sim/violations` and `/_sim/stats`: what the client did. */
export function controlTrafficRoute(simulator: Simulator): Router {
  const { traffic, stats, tokens, exports, practice } = simulator;
  const router = Router();
  router.get('/_sim/requests', (_req, res) => {
    res.json({ total: traffic.requests.total, requests: traffic.requests.toArray() });
  });
  router.delete('/_sim/requests', (_req, res) => {
    traffic.requests.clear();
    stats.clear();
    res.sendStatus(204);
  });
  router.get('/_sim/violations', (_req, res) => {
    res.json({
      total: traffic.violations.total,
      byKind: traffic.countsByKind,
      violations: traffic.violations.toArray(),
    });
  });
  router.delete('/_sim/violations', (_req, res) => {
    traffic.clearViolations();
    res.sendStatus(204);
  });
  router.get('/_sim/stats', (_req, res) => {
    const { kickOffCount } = exports;
    const violations = traffic.countsByKind;
    res.json({
      ...stats.summary(),
      violations,
      exports: kickOffCount,
      tokens: tokens.issuedCount,
      revoked: tokens.revokedCount,
      changes: practice.sequence,
    });
  });
  return router;
}

/** `/_sim/exports`: every export since the start, oldest first. */
export function controlExportsRoute({ exports }: Simulator): Router {
  const router = Router();
  router.get('/_sim/exports', (_req, res) => {
    res.json(exports.list().map((bulkExport) => ({ ...summary(bulkExport), state: exports.state(bulkExport) })));
  });
  return router;
}

function summary({ id, level, parameters, types, transactionTimeMs, files, pollCount, deleteCount }: BulkExport) {
  return {
    id,
    level,
    kickedOffAt: new Date(transactionTimeMs).toISOString(),
    parameters: parameters.map(([name, value]) => ({ name, value })),
    types,
    files: files.length,
    polls: pollCount,
    /** All DELETE requests, with any answer. */
    deletes: deleteCount,
    deleted: deleteCount > 0,
  };
}

/** `/_sim/options`: the options that can change at run time. */
export function controlOptionsRoute({ runtimeOptions }: Simulator): Router {
  const router = Router();
  router.get('/_sim/options', (_req, res) => {
    res.json(runtimeOptions.values());
  });
  router.patch('/_sim/options', json({ type: () => true }), (req, res) => {
    try {
      runtimeOptions.change(req.body);
      res.json(runtimeOptions.values());
    } catch (error) {
      res.status(400).json({ error: String(error instanceof Error ? error.message : error) });
    }
  });
  return router;
}

/** `/_sim/faults`: orders, lists and cancels faults. */
export function controlFaultsRoute({ faults }: Simulator): Router {
  const router = Router();
  router.post('/_sim/faults', json({ type: () => true, limit: '32mb' }), (req, res) => {
    const result = validate(faultOrderSchema, req.body);
    if (result.isValid) res.status(201).json(faults.post(result.data));
    else res.status(400).json({ error: describeFaults(result.faults) });
  });
  router.get('/_sim/faults', (_req, res) => {
    res.json(faults.list());
  });
  router.delete('/_sim/faults', (_req, res) => {
    faults.clear();
    res.sendStatus(204);
  });
  return router;
}

/** `/_sim/scenarios`: lists and orders scenarios, and cancels everything that was ordered. */
export function controlScenariosRoute(simulator: Simulator): Router {
  const router = Router();
  router.get('/_sim/scenarios', (_req, res) => {
    res.json(scenarios);
  });
  router.post('/_sim/scenarios/:name', async (req, res) => {
    const scenario: Scenario | undefined = scenarios.find(({ name }) => name === req.params.name);
    if (!scenario) {
      res.status(404).json({ error: 'No scenario has this name.', scenarios: scenarios.map(({ name }) => name) });
      return;
    }
    await orderScenario(simulator, scenario);
    res.status(201).json(scenario);
  });
  router.delete('/_sim/scenarios', (_req, res) => {
    simulator.faults.clear();
    simulator.runtimeOptions.reset();
    res.sendStatus(204);
  });
  return router;
}

/** `/health`, for the process that started the simulator. */
export function healthRoute({ options }: Simulator): Router {
  const { life } = createHealth({}, { instanceId: options.instanceId });
  const router = Router();
  router.get('/health', (_req, res) => {
    res.json(life);
  });
  return router;
}
