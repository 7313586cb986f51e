import { Router } from 'express';
import type { Simulator } from '../simulator.ts';

/** `/_sim/requests`, `/_sim/violations`, `/_sim/stats`: what the client did. */
export function controlJudgeRoute(simulator: Simulator): Router {
  const { judge, stats, tokens, exports, practice } = simulator;
  const router = Router();
  router.get('/_sim/requests', (_req, res) => {
    res.json({ total: judge.requests.total, requests: judge.requests.toArray() });
  });
  router.delete('/_sim/requests', (_req, res) => {
    judge.requests.clear();
    stats.clear();
    res.sendStatus(204);
  });
  router.get('/_sim/violations', (_req, res) => {
    res.json({ total: judge.violations.total, byKind: judge.countsByKind, violations: judge.violations.toArray() });
  });
  router.delete('/_sim/violations', (_req, res) => {
    judge.clearViolations();
    res.sendStatus(204);
  });
  router.get('/_sim/stats', (_req, res) => {
    const { kickOffCount } = exports;
    const violations = judge.countsByKind;
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
