export { servedExportError } from './errors.ts';
export { createServedExportStore, type ServedExportStore } from './store.ts';
