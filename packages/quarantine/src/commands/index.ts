export { quarantineQuerySchema, replayBodySchema } from './quarantine.schema.ts';
export { createQuarantineService, type QuarantineService, toQuarantineView } from './quarantine.service.ts';
