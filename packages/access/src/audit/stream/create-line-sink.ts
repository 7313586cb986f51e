import { hostname } from 'node:os';
import type { Writable } from 'node:stream';
import { LineSender, type LineSenderOptions } from './line-sender.ts';
import { type LineTransport, streamTransport, TcpTransport, udpTransport } from './line-transport.ts';
import { octetCounted, type SyslogLine, syslogMessage } from './syslog-message.ts';

/** UDP: RFC 5426, section 3.3. TCP: IANA's port, because RFC 6587 names none. TLS: RFC 5425, section 4.1. */
const syslogPorts: Readonly<Record<string, number>> = { 'syslog:': 514, 'syslog+tcp:': 601, 'syslog+tls:': 6514 };

/**
 * A target is `stdout` or a syslog server: `syslog://host` (UDP), `syslog+tcp://host` or `syslog+tls://host`, with or without a
 * port.
 */
export function isLineTarget(target: string): boolean {
  if (target === 'stdout') return true;
  if (!URL.canParse(target)) return false;
  const { protocol, hostname: host, pathname, search, hash, username, password } = new URL(target);
  const isBare = [search, hash, username, password].every((part) => part === '') && ['', '/'].includes(pathname);
  return protocol in syslogPorts && host !== '' && isBare;
}

/** Accepts lines at once and sends them in the background. @param options.target see `isLineTarget` */
export function createLineSink(
  options: Omit<LineSenderOptions, 'transport'> & {
    readonly target: string;
    readonly appName: string;
    /** Where `stdout` lines go. Commands write their result to stdout, so they pass another stream. */
    readonly stdout?: Writable;
  },
) {
  const { target, appName, stdout = process.stdout } = options;
  const { transport, isFramed, isSyslog } = createTransport(target, stdout);
  const sender = new LineSender({ ...options, transport });
  const origin = { hostName: hostname(), appName, processId: process.pid };
  const toFrame = (line: SyslogLine): Buffer => {
    if (!isSyslog) return Buffer.from(`${line.text}\n`);
    const message = syslogMessage({ line, ...origin });
    return isFramed ? octetCounted(message) : message;
  };
  return { send: (line: SyslogLine) => sender.send(toFrame(line)), stop: () => sender.stop() };
}

function createTransport(
  target: string,
  stdout: Writable,
): { readonly transport: LineTransport; readonly isSyslog: boolean; readonly isFramed: boolean } {
  if (target === 'stdout') return { transport: streamTransport(stdout), isSyslog: false, isFramed: false };
  const { protocol, hostname: name, port: portText } = new URL(target);
  const host = name.replace(/^\[(.*)\]$/, '$1');
  const port = portText === '' ? (syslogPorts[protocol] as number) : Number(portText);
  if (protocol === 'syslog:') return { transport: udpTransport({ host, port }), isSyslog: true, isFramed: false };
  const transport = new TcpTransport({ host, port, isTls: protocol === 'syslog+tls:' });
  return { transport, isSyslog: true, isFramed: true };
}
