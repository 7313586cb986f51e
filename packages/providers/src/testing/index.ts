export { makeConnection } from './make-connection.ts';
