export {
  createQuarantineService,
  type QuarantineService,
  quarantineQuerySchema,
  replayBodySchema,
  toQuarantineView,
} from './quarantine.service.ts';
