export type { OpenReference, Target } from './open-reference.repository.ts';
export { type ReferenceStore, referenceFeature } from './reference.feature.ts';
