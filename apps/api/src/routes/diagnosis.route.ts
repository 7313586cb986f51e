import type { DiagnosisService } from '@bulkhead/service';
import { Router } from 'express';
import { allow } from '../middleware/allow.ts';

/** Whether what the deployment stands on is as it should be. */
export function diagnosisRoute({ diagnosis }: { readonly diagnosis: DiagnosisService }): Router {
  const router = Router();
  router.get('/diagnosis', allow('deployment.diagnose'), async (_request, response) => {
    response.json({ success: true, data: await diagnosis.run() });
  });
  return router;
}
