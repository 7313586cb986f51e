export { AppError, type AppErrorOptions, type RetryAdvice } from './app-error.ts';
