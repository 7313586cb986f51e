import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * Resolves if somebody listens on the port of this machine. Asked before a client is: a driver that finds nobody sits out
 * its own pause of half a second, a refused connection is known at once.
 */
export async function portAccepts(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1' });
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}
