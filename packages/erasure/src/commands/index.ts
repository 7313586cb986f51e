export { deleteConnectionQuerySchema, erasePatientQuerySchema, erasureListQuerySchema } from './erasure.schema.ts';
export { createErasureService, type ErasureService, type RequestedErasure, toErasureView } from './erasure.service.ts';
