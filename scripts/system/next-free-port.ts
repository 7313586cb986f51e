import { createServer } from 'node:net';

// If this many ports in a row are taken, the cause is not a coincidence.
const ATTEMPTS = 50;

/**
 * Returns the wanted port, or the next higher one that is free now. Another program may take it before it is used: see
 * `startOnPort`.
 */
export async function nextFreePort({ wanted, host = '127.0.0.1' }: { wanted: number; host?: string }): Promise<number> {
  for (let port = wanted; port < Math.min(wanted + ATTEMPTS, 65_536); port++) {
    if (await isFree({ port, host })) return port;
  }
  throw new Error(`All ports from ${wanted} to ${wanted + ATTEMPTS - 1} are taken.`);
}

function isFree({ port, host }: { port: number; host: string }): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      // EACCES: a port that is reserved for root is treated as taken.
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
