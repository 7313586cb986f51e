export { createStores, documentSettings } from './start-use-cases.ts';
