import { json, Router } from 'express';
import type { Simulator } from '../simulator.ts';

/** `/_sim/options`: those that can change while the simulator runs. */
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
