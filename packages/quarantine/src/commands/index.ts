export {
  createQuarantineService,
  type QuarantineService,
  quarantineQuerySchema,
  replayBodySchema,
} from './quarantine.service.ts';
export { quarantineViewSchema, toQuarantineView } from './quarantine-view.ts';
