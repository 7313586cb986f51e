export { baseEnv } from './base-env.ts';
export { type Browser, createBrowser } from './create-browser.ts';
export { documentBytes, findSuperlinear, type Reader } from './growth.ts';
export { publishedLines } from './published-lines.ts';
export { makeSelfSigned } from './self-signed.ts';
export { startTcpProxy, type TcpProxy } from './start-tcp-proxy.ts';
export { type TestServices, testServices } from './test-services.ts';
export { testWithLines } from './test-with-lines.ts';
export { waitFor } from './wait-for.ts';
