import { get, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';

/** Returns a response as it is on the wire. fetch would decode it, and it accepts a gzip stream without an end. */
export function rawGet(url: string, headers: Record<string, string>) {
  return new Promise<{ headers: IncomingHttpHeaders; body: Buffer }>((resolve, reject) => {
    const request = get(url, { headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ headers: response.headers, body: Buffer.concat(chunks) }));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

export interface RawWire {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes after the head, including chunk markers. */
  readonly body: Buffer;
  /** How the connection ended. */
  readonly end: 'closed' | 'reset';
}

/** Returns a response byte for byte. Client libraries repair or hide how a connection ended. */
export function rawWire(url: string, headers: Readonly<Record<string, string>>): Promise<RawWire> {
  const { hostname, port, host, pathname, search } = new URL(url);
  const fields = Object.entries({ host, connection: 'close', ...headers });
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let end: RawWire['end'] = 'closed';
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: false }, () => {
      const lines = [`GET ${pathname}${search} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`)];
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    });
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', () => {
      end = 'reset';
    });
    socket.on('close', () => resolve(parsed(Buffer.concat(chunks), end)));
  });
}

function parsed(bytes: Buffer, end: RawWire['end']): RawWire {
  const headEnd = bytes.indexOf('\r\n\r\n');
  const [first = '', ...lines] = bytes.subarray(0, Math.max(0, headEnd)).toString('latin1').split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
  });
  return {
    status: Number(first.split(' ')[1] ?? 0),
    headers: Object.fromEntries(headers),
    body: headEnd === -1 ? Buffer.alloc(0) : bytes.subarray(headEnd + 4),
    end,
  };
}
