import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect, isIP, isIPv6, type Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { connect as connectTls } from 'node:tls';

/** The connection to the receiver of lines. */
export interface LineTransport {
  /** Resolves when the operating system has accepted the bytes. @throws if it has not, and `LineRefused` if it never will. */
  write(frame: Buffer): Promise<void>;
  close(): void;
}

/** The operating system rejected these bytes, and another attempt would not change that. */
export class LineRefused extends Error {}

const connectTimeoutMs = 5000;

/** Writes to an open stream, such as stdout. */
export function streamTransport(stream: Writable): LineTransport {
  return {
    write: (frame) =>
      new Promise((resolve, reject) => {
        stream.write(frame, (error) => (error ? reject(error) : resolve()));
      }),
    close: () => undefined,
  };
}

/** Sends a datagram per line. There is no confirmation, and a datagram that the system rejects is not sent again. */
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

/** Connects when there is something to send, and again after the connection was lost. */
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
        // The next line opens a new connection.
        if (this.#socket === socket) this.#socket = undefined;
      });
      // A syslog server sends nothing, but the end of the connection is noticed only if it is read.
      socket.setKeepAlive(true).unref().resume();
    });
  }
}
