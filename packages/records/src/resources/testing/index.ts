export { ageChanges } from './age-changes.ts';
export { compareWithSimulator } from './compare-with-simulator.ts';
export { documentContext, makeDocument } from './make-document.ts';
