import { AppError } from '../errors/app-error.ts';
import type { LogFields, Logger } from '../logs/logger.ts';
import { PortTakenError } from './listen.ts';

export interface App {
  /** The port on which it listens after the start. Undefined if it does not listen. */
  readonly port?: number | undefined;
  /** Resolves when the process is ready for work. */
  start(): Promise<void>;
  /** Resolves when everything is closed. It must be safe to call once after a failed start. */
  stop(): Promise<void>;
}

/** Sent to the parent that spawned the process with an IPC channel. */
export interface StartedMessage {
  readonly port: number;
}

export interface RunAppOptions {
  readonly app: App;
  readonly logger: Logger;
  /** A stop that takes longer ends with exit code 1. An orchestrator kills after 10 to 30 s anyway, without a log line. */
  readonly stopTimeoutMs?: number;
}

/**
 * Starts an app and stops it at SIGTERM, at SIGINT, or when the parent that spawned it with an IPC channel has exited. After an
 * uncaught exception the process logs and exits immediately, without finishing its work, because its state is unknown. Records and
 * leases make that safe.
 */
export async function runApp({ app, logger, stopTimeoutMs = 8000 }: RunAppOptions): Promise<void> {
  process.on('uncaughtException', (error) => {
    logger.error('uncaught exception', { error });
    process.exit(1);
  });
  process.on('unhandledRejection', (error) => {
    logger.error('unhandled rejection', { error });
    process.exit(1);
  });

  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    logger.info('stopping', { signal });
    setTimeout(() => {
      logger.error('stop took too long', { delayMs: stopTimeoutMs });
      process.exit(1);
    }, stopTimeoutMs).unref();
    app.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error('stop failed', { error });
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (process.channel) process.on('disconnect', () => stop('disconnect'));

  try {
    await app.start();
  } catch (error) {
    logger.error('start failed', startFaultOf(error));
    process.exit(1);
  }
  // A parent that asked for port 0 gets the port from this message.
  if (app.port !== undefined) process.send?.({ port: app.port } satisfies StartedMessage, () => undefined);
}

/** The operator can free a port, or start a server that does not answer, and needs no stack for that. */
function startFaultOf(error: unknown): LogFields {
  if (error instanceof PortTakenError) return { port: error.port, code: error.code, reason: error.message };
  if (error instanceof AppError) return { code: error.code, reason: error.message };
  return { error };
}
