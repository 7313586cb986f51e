import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect, isIP, isIPv6, type Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { connect as connectTls } from 'node:tls';

/** Where lines go. */
export interface LineTransport {
  /** Ends when the system has taken the bytes. @throws if it has not; `LineRefused` if it never will. */
  write(frame: Buffer): Promise<void>;
  close(): void;
}

/** These bytes cannot be sent, and no later attempt would change that. */
export class LineRefused extends Error {}

const connectTimeoutMs = 5000;

/** A stream that is always there. */
export function streamTransport(stream: Writable): LineTransport {
  return {
    write: (frame) =>
      new Promise((resolve, reject) => {
        stream.write(frame, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => undefined,
  };
}

/** A datagram for each line. Nothing says whether it arrives; one that the system does not take is gone. */
export function udpTransport({ host, port }: { readonly host: string; readonly port: number }): LineTransport {
  const socket: DatagramSocket = createSocket(isIPv6(host) ? 'udp6' : 'udp4').unref();
  socket.on('error', () => undefined);
  return {
    write: (frame) =>
      new Promise((resolve, reject) => {
        socket.send(frame, port, host, (cause) =>
          cause ? reject(new LineRefused('the datagram was not sent', { cause })) : resolve(),
        );
      }),
    close: () => void socket.close(),
  };
}

/** One connection, made when something is to be sent and made again after it was lost. */
export class TcpTransport implements LineTransport {
  readonly #host: string;
  readonly #port: number;
  readonly #isTls: boolean;
  #socket: Socket | undefined;

  constructor({ host, port, isTls }: { readonly host: string; readonly port: number; readonly isTls: boolean }) {
    this.#host = host;
    this.#port = port;
    this.#isTls = isTls;
  }

  async write(frame: Buffer): Promise<void> {
    this.#socket ??= await this.#connect();
    const socket = this.#socket;
    await new Promise<void>((resolve, reject) => {
      socket.write(frame, (error) => (error ? reject(error) : resolve()));
    });
  }

  close(): void {
    this.#socket?.destroySoon();
  }

  #connect(): Promise<Socket> {
    const [host, port] = [this.#host, this.#port];
    return new Promise((resolve, reject) => {
      const socket = this.#isTls
        ? connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}) })
        : connect({ host, port });
      const timer = setTimeout(() => socket.destroy(new Error('the connection took too long')), connectTimeoutMs);
      socket.once(this.#isTls ? 'secureConnect' : 'connect', () => {
        clearTimeout(timer);
        resolve(socket);
      });
      socket.on('error', reject);
      socket.once('close', () => {
        clearTimeout(timer);
        // The next line makes another.
        if (this.#socket === socket) this.#socket = undefined;
      });
      // A syslog server says nothing; but its end is seen only if what it says is read.
      socket.setKeepAlive(true).unref().resume();
    });
  }
}
