export {
  createErasureService,
  deleteConnectionQuerySchema,
  type ErasureService,
  erasePatientQuerySchema,
  erasureListQuerySchema,
  type RequestedErasure,
} from './erasure.service.ts';
export { erasureViewSchema, toErasureView } from './erasure-view.ts';
