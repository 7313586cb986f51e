export { fetchDocumentJob } from './fetch-document.job.ts';
