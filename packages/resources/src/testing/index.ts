export { documentContext, makeDocument } from './make-document.ts';
