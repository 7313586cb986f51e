import { connect } from 'node:net';

export interface RawWire {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** What came behind the head, chunk marks included. */
  readonly body: Buffer;
  /** How the connection ended. */
  readonly end: 'closed' | 'reset';
}

export interface RawWireInput {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A response to the byte: every client library would mend or hide how it ended. */
export function rawWire({ url, headers }: RawWireInput): Promise<RawWire> {
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
    socket.on('close', () => resolve(parsed({ bytes: Buffer.concat(chunks), end })));
  });
}

function parsed({ bytes, end }: { readonly bytes: Buffer; readonly end: RawWire['end'] }): RawWire {
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
