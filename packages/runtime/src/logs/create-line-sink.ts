import { hostname } from 'node:os';
import type { Writable } from 'node:stream';
import { LineSender, type LineSenderOptions } from './line-sender.ts';
import { type LineTransport, streamTransport, TcpTransport, udpTransport } from './line-transport.ts';
import { octetCounted, type SyslogLine, syslogMessage } from './syslog-message.ts';

/** Takes lines, and sends them when it can. */
export interface LineSink {
  send(line: SyslogLine): void;
  stop(): Promise<void>;
}

/** By RFC 5426, 3.3; RFC 6587 names none, and 601 is IANA's for it; RFC 5425, 4.1. */
const syslogPorts: Readonly<Record<string, number>> = { 'syslog:': 514, 'syslog+tcp:': 601, 'syslog+tls:': 6514 };

/** `stdout`, or where a syslog server is: `syslog://host` (UDP), `syslog+tcp://host` or `syslog+tls://host`, each with a port or not. */
export function isLineTarget(target: string): boolean {
  if (target === 'stdout') return true;
  if (!URL.canParse(target)) return false;
  const { protocol, hostname: host, pathname, search, hash, username, password } = new URL(target);
  const isBare = [search, hash, username, password].every((part) => part === '') && ['', '/'].includes(pathname);
  return protocol in syslogPorts && host !== '' && isBare;
}

/** @param options.target see `isLineTarget` */
export function createLineSink(
  options: Omit<LineSenderOptions, 'transport'> & {
    readonly target: string;
    readonly appName: string;
    /** What `stdout` is: commands have their result there, and need another. */
    readonly stdout?: Writable;
  },
): LineSink {
  const { target, appName, stdout = process.stdout } = options;
  const { transport, isFramed, isSyslog } = createTransport({ target, stdout });
  const sender = new LineSender({ ...options, transport });
  const origin = { hostName: hostname(), appName, processId: process.pid };
  const toFrame = (line: SyslogLine): Buffer => {
    if (!isSyslog) return Buffer.from(`${line.text}\n`);
    const message = syslogMessage({ line, ...origin });
    return isFramed ? octetCounted(message) : message;
  };
  return { send: (line) => sender.send(toFrame(line)), stop: () => sender.stop() };
}

function createTransport({ target, stdout }: { readonly target: string; readonly stdout: Writable }): {
  readonly transport: LineTransport;
  readonly isSyslog: boolean;
  readonly isFramed: boolean;
} {
  if (target === 'stdout') return { transport: streamTransport(stdout), isSyslog: false, isFramed: false };
  const { protocol, hostname: name, port: given } = new URL(target);
  const host = name.replace(/^\[(.*)\]$/, '$1');
  const port = given === '' ? (syslogPorts[protocol] as number) : Number(given);
  if (protocol === 'syslog:') return { transport: udpTransport({ host, port }), isSyslog: true, isFramed: false };
  const transport = new TcpTransport({ host, port, isTls: protocol === 'syslog+tls:' });
  return { transport, isSyslog: true, isFramed: true };
}
