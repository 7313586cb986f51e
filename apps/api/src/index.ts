export { buildApp } from './app.ts';
export { type ApiConfig, readApiConfig } from './env.ts';
