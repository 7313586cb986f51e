import { json, Router } from 'express';
import { z } from 'zod';
import { faultOrderSchema } from '../faults/fault-order.ts';
import type { Simulator } from '../simulator.ts';

/** `/_sim/faults`: order, list, call off. */
export function controlFaultsRoute({ faults }: Simulator): Router {
  const router = Router();
  router.post('/_sim/faults', json({ type: () => true, limit: '32mb' }), (req, res) => {
    const order = faultOrderSchema.safeParse(req.body);
    if (order.success) res.status(201).json(faults.post(order.data));
    else res.status(400).json({ error: z.prettifyError(order.error) });
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
