export { addressKind, hostOf, urlFault } from './address-rules.ts';
export { connectionFailureOf, connectionRemedy, failureOf } from './connection-failure.ts';
export {
  createEgressGuard,
  type EgressGuard,
  type EgressRules,
  egressRefusal,
  matchesHost,
} from './egress-guard.ts';
export { type EgressProxy, proxyEnvShape, proxyOf } from './egress-proxy.ts';
export { egressError } from './errors.ts';
export { readJson } from './read-json.ts';
export { drain, endIfSilent } from './response-bodies.ts';
