export { createStore, type Store } from './create-store.ts';
export { storeOptions } from './store-options.ts';
