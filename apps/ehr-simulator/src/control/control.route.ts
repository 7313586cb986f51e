import { createHealth, validate } from '@bulkhead/base';
import { json, Router } from 'express';
import { z } from 'zod';
import type { BulkExport } from '../export/bulk-export.ts';
import type { FaultySimulator } from '../faults/fault-board.ts';
import { faultOrderSchema } from '../faults/fault-order.ts';
import { describeFaults } from '../options/options.ts';
import { scenarios } from '../scenarios/scenarios.ts';

/** `/health`, for the process that started the simulator, and `/_sim`, for its users. */
export function controlRoute(simulator: FaultySimulator): Router {
  const { traffic, stats, tokens, exports, practice, runtimeOptions, faults } = simulator;
  const { life } = createHealth({}, { instanceId: simulator.options.instanceId });
  const router = Router();
  router.get('/health', (_req, res) => {
    res.json(life);
  });

  // What the client did.
  router.get('/_sim/requests', (_req, res) => {
    res.json({ total: traffic.requests.total, requests: traffic.requests.toArray() });
  });
  router.delete('/_sim/requests', (_req, res) => {
    traffic.requests.clear();
    stats.clear();
    res.sendStatus(204);
  });
  router.get('/_sim/violations', (_req, res) => {
    const { total } = traffic.violations;
    res.json({ total, byKind: traffic.countsByKind, violations: traffic.violations.toArray() });
  });
  router.delete('/_sim/violations', (_req, res) => {
    traffic.clearViolations();
    res.sendStatus(204);
  });
  router.get('/_sim/stats', (_req, res) => {
    res.json({
      ...stats.summary(),
      violations: traffic.countsByKind,
      exports: exports.kickOffCount,
      tokens: tokens.issuedCount,
      revoked: tokens.revokedCount,
      changes: practice.sequence,
    });
  });
  // Every export since the start, oldest first.
  router.get('/_sim/exports', (_req, res) => {
    res.json(exports.list().map((bulkExport) => ({ ...summary(bulkExport), state: exports.state(bulkExport) })));
  });

  // How the simulator misbehaves: an order, or the orders of a scenario.
  router.post('/_sim/orders', json({ type: () => true, limit: '32mb' }), async (req, res) => {
    const scenario = scenarios.find(({ name }) => name === req.body?.scenario);
    if (req.body?.scenario !== undefined && !scenario) {
      res.status(404).json({ error: 'No scenario has this name.', scenarios: scenarios.map(({ name }) => name) });
      return;
    }
    const result = validate(z.array(faultOrderSchema), scenario ? scenario.orders : [req.body]);
    try {
      if (!result.isValid) throw new Error(describeFaults(result.faults));
      for (const order of result.data) await faults.post(order, simulator);
      res.status(201).json(scenario ?? faults.list().at(-1));
    } catch (error) {
      res.status(400).json({ error: String(error instanceof Error ? error.message : error) });
    }
  });
  router.get('/_sim/orders', (_req, res) => {
    res.json(faults.list());
  });
  router.delete('/_sim/orders', (_req, res) => {
    faults.clear();
    runtimeOptions.reset();
    res.sendStatus(204);
  });
  router.get('/_sim/scenarios', (_req, res) => {
    res.json(scenarios);
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
