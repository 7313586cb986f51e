export {
  type ConnectedEhr,
  type ConnectedEhrOptions,
  type OpenStore,
  startConnectedEhr,
} from './start-connected-ehr.ts';
