export { buildApp } from './app.ts';
export { type ApiConfig, apiEnvSchema, readApiConfig } from './env.ts';
export { answerFault } from './openapi/answer-fault.ts';
