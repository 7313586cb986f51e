export { servedExportError } from './errors.ts';
export { type ServedExportStore, servedExportFeature } from './served-export.feature.ts';
