export { buildServe } from './app.ts';
export { createServedDocument } from './document.ts';
export { endpointGroups, endpoints, type ServedEndpointId } from './endpoints/endpoints.ts';
export { readServeConfig, serveEnvSchema } from './env.ts';
