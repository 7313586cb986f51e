export {
  type ConnectedEhr,
  type ConnectedEhrOptions,
  fastRateLimit,
  type OpenStore,
  startConnectedEhr,
} from './start-connected-ehr.ts';
