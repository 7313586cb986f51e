export { buildApp } from './app.ts';
export { type ApiConfig, apiEnvSchema, readApiConfig } from './env.ts';
