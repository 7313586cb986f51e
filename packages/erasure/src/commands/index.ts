export {
  createErasureService,
  deleteConnectionQuerySchema,
  type ErasureService,
  erasePatientQuerySchema,
  erasureListQuerySchema,
  type RequestedErasure,
  toErasureView,
} from './erasure.service.ts';
