export { createHttpService } from './create-http-service.ts';
export type { EnhancedService } from './enhanced-service.ts';
export { getAthenaHealthEnhancedService } from './get-enhanced-service.ts';
