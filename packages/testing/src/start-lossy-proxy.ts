import { mongodbCommand, mongodbMessages } from '@bulkhead/embedded/mongodb-messages';
import { startTcpProxy } from '@bulkhead/embedded/tcp-proxy';

export interface LossyProxy extends AsyncDisposable {
  /** The URL of the server, with the address of the proxy. */
  readonly url: string;
  /** The kinds of commands that were sent, such as `find erasure_epochs` and `evalsha`. */
  readonly kinds: ReadonlySet<string>;
  /** The kinds whose next reply is going to be lost. */
  readonly armed: Set<string>;
  /** The kinds whose reply was lost. */
  readonly lost: ReadonlySet<string>;
}

/** Reads the commands and replies of one connection. */
interface Protocol {
  /** @returns the kinds of the commands that are complete */
  sent(bytes: Buffer): readonly string[];
  /** @returns what is passed on */
  answered(bytes: Buffer, isLost: (kind: string) => boolean): Buffer;
}

/**
 * Starts a proxy in front of MongoDB or Redis that can lose single replies. The connection stays open, as it does if a machine between the two
 * forgets it. Redis' replies have no ids, so after a lost one the connection brings no other.
 */
export async function startLossyProxy(serverUrl: string): Promise<LossyProxy> {
  const isMongodb = new URL(serverUrl).protocol.startsWith('mongodb');
  const [kinds, armed, lost] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const isLost = (kind: string) => {
    if (!armed.delete(kind)) return false;
    lost.add(kind);
    return true;
  };
  const proxy = await startTcpProxy(serverUrl, (inbound, outbound) => {
    const wire = isMongodb ? mongodbWire() : redisWire();
    inbound.on('data', (bytes: Buffer) => {
      for (const kind of wire.sent(bytes)) kinds.add(kind);
      outbound.write(bytes);
    });
    outbound.on('data', (bytes: Buffer) => {
      const passed = wire.answered(bytes, isLost);
      if (passed.length > 0) inbound.write(passed);
    });
  });
  return { url: proxy.url, kinds, armed, lost, [Symbol.asyncDispose]: () => proxy.close() };
}

function mongodbWire(): Protocol {
  const kinds = new Map<number, string>();
  const [requests, replies] = [mongodbMessages(), mongodbMessages()];
  return {
    sent: (bytes) =>
      requests(bytes).flatMap((message) => {
        const kind = mongodbCommand(message);
        if (kind === undefined) return [];
        kinds.set(message.readInt32LE(4), kind);
        return [kind];
      }),
    answered(bytes, isLost) {
      const passed = replies(bytes).filter((message) => {
        const requestId = message.readInt32LE(8);
        const kind = kinds.get(requestId);
        kinds.delete(requestId);
        return kind === undefined || !isLost(kind);
      });
      return Buffer.concat(passed);
    },
  };
}

/** https://redis.io/docs/latest/develop/reference/protocol-spec/ */
function redisWire(): Protocol {
  let isSilent = false;
  const waiting: string[] = [];
  return {
    sent(bytes) {
      // A command begins with the number of its words and the length of its name. Its other words have no line that looks like this.
      const commands = [...bytes.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n([A-Za-z]+)\r\n/g)];
      const kinds = commands.map(([, name = '']) => name.toLowerCase());
      waiting.push(...kinds);
      return kinds;
    },
    answered(bytes, isLost) {
      // Commands are answered in their order, so the oldest that is armed may be among these.
      isSilent ||= waiting.splice(0).some(isLost);
      return isSilent ? Buffer.alloc(0) : bytes;
    },
  };
}
