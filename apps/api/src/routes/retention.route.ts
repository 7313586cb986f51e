import type { MonitoringService } from '@bulkhead/service';
import { Router } from 'express';
import { allow } from '../middleware/allow.ts';

/** What the deletion by age does: see docs/retention.md. */
export function retentionRoute({ monitoring }: { readonly monitoring: MonitoringService }): Router {
  return Router().get('/retention', allow('retention.read'), async (_request, response) => {
    response.json({ success: true, data: await monitoring.retention() });
  });
}
