import { createServer } from 'node:net';

/** A port on 127.0.0.1 that the system says is free. Somebody may take it before it is used: the starter tries again then. */
export function systemPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
