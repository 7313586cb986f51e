export { buildApp } from './app.ts';
export { type ApiConfig, readApiConfig } from './env.ts';
export { answerFault } from './openapi/answer-fault.ts';
