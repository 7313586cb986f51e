export { mongodbCommand, mongodbMessages } from '@bulkhead/embedded/mongodb-messages';
export { type OwnServer, startOwnServer } from '@bulkhead/embedded/own-server';
export {
  type Answer,
  type Handler,
  type ReceivedRequest,
  type Route,
  type Script,
  type ScriptedServer,
  startScriptedServer,
} from '@bulkhead/embedded/scripted-server';
export { createSimulatorControl } from '@bulkhead/embedded/simulator-control';
export { startTcpProxy, type TcpProxy } from '@bulkhead/embedded/tcp-proxy';
export { anyPhase } from './any-phase.ts';
export { baseEnv } from './base-env.ts';
export { blockEventLoop } from './block-event-loop.ts';
export { captureCommand } from './capture-command.ts';
export { createBrowser } from './create-browser.ts';
export { findSuperlinear, type Reader } from './growth.ts';
export { longestHoldMs } from './longest-hold.ts';
export { loseKeys } from './lose-keys.ts';
export { publishedLines } from './published-lines.ts';
export { redisServer } from './redis-server.ts';
export { commandLine, programOf, runApp } from './run-app.ts';
export { makeSelfSigned } from './self-signed.ts';
export { type ConnectProxy, startConnectProxy } from './start-connect-proxy.ts';
export { type LossyProxy, startLossyProxy } from './start-lossy-proxy.ts';
export { type TestServices, testServices } from './test-services.ts';
export { waitFor } from './wait-for.ts';
