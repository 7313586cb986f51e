import type { IncomingMessage } from 'node:http';

/**
 * Fails a body if the server sends nothing for this time. axios has a time limit until the headers only, and a connection can stay open
 * without data for ever, for example if the server behind a gateway is gone.
 */
export function endIfSilent(message: IncomingMessage, idleTimeoutMs: number): void {
  const { socket } = message;
  const onTimeout = () => {
    // With unread bytes, the reader is slow and not the server.
    if (message.readableLength > 0) socket.setTimeout(idleTimeoutMs);
    else message.destroy(Object.assign(new Error('the server stopped sending'), { code: 'ETIMEDOUT' }));
  };
  socket.setTimeout(idleTimeoutMs).on('timeout', onTimeout);
  message.once('close', () => socket.off('timeout', onTimeout));
}

/** Bodies that are not needed have a few kilobytes. Reading more than this costs more than a new connection. */
const maxDrainedBytes = 64 * 1024;

/** Frees the connection for the next request, or closes it if the body is too long. Errors of the body do not matter. */
export function drain(message: IncomingMessage | undefined): void {
  let drainedBytes = 0;
  message
    ?.on('error', () => undefined)
    .on('data', (chunk: Buffer) => {
      drainedBytes += chunk.length;
      if (drainedBytes > maxDrainedBytes) message.destroy();
    });
}
