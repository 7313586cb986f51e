export { createServices, type Services } from './create-services.ts';
export { createStore, type RetainedKind, type Store, type StoreOptions } from './create-store.ts';
