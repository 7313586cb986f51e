export { makeConnection } from './make-connection.ts';
export {
  type ConnectedEhr,
  type ConnectedEhrOptions,
  fastRateLimit,
  type OpenStore,
  startConnectedEhr,
} from './start-connected-ehr.ts';
