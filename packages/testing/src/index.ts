export { type TestServices, testServices } from './test-services.ts';
export { waitFor } from './wait-for.ts';
