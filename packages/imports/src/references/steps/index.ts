export { type ScanDeps, scanReferences } from './scan-references.ts';
