import { AppError } from '@bulkhead/domain';
import { Router } from 'express';

/** The guide's endpoint 3 is not built yet, and says so: nothing is accepted that nobody would do. */
export function enhancedSyncRoute(): Router {
  const router = Router();
  router.post('/:provider/enhanced-sync', () => {
    throw new AppError({
      code: 'not-available',
      message: 'Enhanced sync is not part of this version. A bulk export brings the same types: POST bulk-export.',
      retry: 'never',
    });
  });
  return router;
}
