export { connectionPlanSchema, desiredConnectionSchema } from './apply-connection.schema.ts';
export { createServices, type Services } from './create-services.ts';
export {
  createStore,
  type RetainedKind,
  type Store,
  type StoreOptions,
  storeOptions,
  type WriteObserver,
} from './create-store.ts';
