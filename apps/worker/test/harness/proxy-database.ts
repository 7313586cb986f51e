import { startTcpProxy } from '@bulkhead/testing';

/** Starts a proxy in front of MongoDB, so that a test can make it unavailable to the users of `uri`. `await using` closes it. */
export async function proxyDatabase(mongodbUri: string) {
  const uri = new URL(mongodbUri);
  const { open, close, port } = await startTcpProxy({ host: uri.hostname, port: Number(uri.port) });
  uri.port = String(port);
  return { uri: uri.href, open, close, [Symbol.asyncDispose]: close };
}
