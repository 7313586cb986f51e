export { getAthenaHealthEnhancedService } from './get-enhanced-service.ts';
