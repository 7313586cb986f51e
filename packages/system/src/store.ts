export { createStore, type Store, storeOptions } from './create-store.ts';
