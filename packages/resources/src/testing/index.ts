export { ageChanges } from './age-changes.ts';
export { documentContext, makeDocument } from './make-document.ts';
