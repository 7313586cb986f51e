import { once } from 'node:events';
import type { Server } from 'node:http';

/** Another program has the port. */
export class PortTakenError extends Error {
  readonly port: number;
  /** As the system reports it. `startOnPort` finds it in the log. */
  readonly code = 'EADDRINUSE';

  constructor({ port, variable }: { readonly port: number; readonly variable: string }) {
    super(`Port ${port} is in use. Stop the program that uses it, or set ${variable} to a free port.`);
    this.name = 'PortTakenError';
    this.port = port;
  }
}

/**
 * Resolves when the server listens.
 * @param options.variable the environment variable that sets the port
 * @throws PortTakenError
 */
export async function listen(
  server: Server,
  options: { readonly port: number; readonly host?: string; readonly variable: string },
): Promise<void> {
  const { port, host, variable } = options;
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? new PortTakenError({ port, variable }) : error;
  }
}
