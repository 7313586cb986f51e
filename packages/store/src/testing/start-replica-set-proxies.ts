/*
 * Three proxies in front of one server, which the driver takes for the members of a replica set. They answer as a primary does that is lost, so
 * that programs meet an election without a `mongod`. All members have the same data: no acknowledged write is rolled back here, and no
 * secondary is behind.
 */

import type { Socket } from 'node:net';
import { mongodbCommand, mongodbMessages, startTcpProxy, type TcpProxy } from '@bulkhead/testing';
import mongoose from 'mongoose';

const { BSON } = mongoose.mongo;
type Document = mongoose.mongo.BSON.Document;

/**
 * The last answer of a primary. A `refused` command did nothing. An `applied` one has done its work before its error. So has an `unconfirmed`
 * write, whose result says that the majority has not confirmed it.
 */
const effects = {
  NotWritablePrimary: 'refused',
  InterruptedDueToReplStateChange: 'applied',
  PrimarySteppedDown: 'unconfirmed',
  ShutdownInProgress: 'refused',
  /** The primary stays, but the others are too slow. The driver does not repeat such a write. */
  WriteConcernTimeout: 'unconfirmed',
} as const;

/** https://www.mongodb.com/docs/manual/reference/error-codes/ */
const codes = {
  NotWritablePrimary: 10107,
  NotPrimaryNoSecondaryOk: 13435,
  InterruptedDueToReplStateChange: 11602,
  PrimarySteppedDown: 189,
  ShutdownInProgress: 91,
  WriteConcernTimeout: 64,
} as const;

export type Interruption = keyof typeof effects;
export const everyInterruption = Object.keys(effects) as readonly Interruption[];

const setName = 'proxied';
const writes: ReadonlySet<string | undefined> = new Set(['insert', 'update', 'delete', 'findAndModify']);
/** What every member answers. Without a name: `hello` and `endSessions`. */
const unrestricted = new Set([undefined, 'ping', 'saslStart', 'saslContinue', 'buildInfo', 'killCursors']);

interface Command {
  readonly id: number;
  readonly name: string | undefined;
  /** With the collection: `update bulk_exports`. */
  readonly text: string;
  /** Whether the driver can repeat it, because it has a number. Servers label the errors of such writes. The driver knows by itself which reads it repeats. */
  readonly isRepeatable: boolean;
}

/** Starts the proxies. The first member is the primary. */
export async function startReplicaSetProxies(serverUrl: string) {
  await using started = new AsyncDisposableStack();
  const members: TcpProxy[] = [];
  const hosts: string[] = [];
  let primary: number | undefined = 0;
  let elections = 1;
  let stopped: TcpProxy | undefined;
  let isSlow = false;
  let awaited: { readonly kind: Interruption; readonly write: RegExp; readonly onDone: () => void } | undefined;

  const describe = (member: number) => ({
    hosts,
    setName,
    setVersion: 1,
    me: hosts[member],
    isWritablePrimary: member === primary,
    ismaster: member === primary,
    secondary: member !== primary,
    ...(member === primary ? { electionId: new BSON.ObjectId(elections.toString(16).padStart(24, '0')) } : {}),
  });

  /** Whether the primary answers this command, as its last one, with an error of this effect. */
  const takeInterruption = (command: Command, isRefused: boolean): Interruption | undefined => {
    if (isSlow) return !isRefused && writes.has(command.name) ? 'WriteConcernTimeout' : undefined;
    if (!awaited?.write.test(command.text)) return undefined;
    const { kind, onDone } = awaited;
    if (isRefused !== (effects[kind] === 'refused')) return undefined;
    awaited = undefined;
    isSlow = kind === 'WriteConcernTimeout';
    if (kind === 'ShutdownInProgress') stopped = members[primary ?? 0];
    if (!isSlow) primary = undefined;
    onDone();
    return kind;
  };

  /** @returns the answer to a command that is not executed */
  const refuse = (member: number, command: Command): Document | undefined => {
    if (unrestricted.has(command.name)) return undefined;
    if (member !== primary)
      return failure(writes.has(command.name) ? 'NotWritablePrimary' : 'NotPrimaryNoSecondaryOk', command);
    const kind = takeInterruption(command, true);
    return kind && failure(kind, command);
  };

  /** @returns the answer to a command that was executed */
  const answer = (member: number, command: Command, message: Buffer): Buffer => {
    const kind = member === primary ? takeInterruption(command, false) : undefined;
    if (!kind) return message;
    if (effects[kind] === 'applied') return toMessage(failure(kind, command), command.id);
    const writeConcernError = { code: codes[kind], codeName: kind, errmsg: 'the majority has not confirmed the write' };
    const result = readDocument(message, documentAt(message));
    return toMessage({ ...result, writeConcernError, ...(isSlow ? {} : labels(command)) }, command.id);
  };

  /** The reply to `hello`, for this member. */
  const greet = (member: number, message: Buffer): Buffer => {
    const at = documentAt(message);
    // Without a version the driver asks regularly, instead of waiting for replies that the server sends by itself.
    const { topologyVersion: _, primary: __, electionId: ___, ...reply } = readDocument(message, at);
    if (reply.maxWireVersion === undefined) return message;
    return withLength(Buffer.concat([message.subarray(0, at), BSON.serialize({ ...reply, ...describe(member) })]));
  };

  const relayOf = (member: number) => (inbound: Socket, outbound: Socket) => {
    const [requests, replies] = [mongodbMessages(), mongodbMessages()];
    const executing = new Map<number, Command>();
    const take = (message: Buffer) => {
      const command = readCommand(message);
      const refusal = refuse(member, command);
      if (refusal) return inbound.write(toMessage(refusal, command.id));
      executing.set(command.id, command);
      return outbound.write(message);
    };
    const pass = (message: Buffer) => {
      const command = executing.get(message.readInt32LE(8));
      if (command) executing.delete(command.id);
      return inbound.write(command?.name ? answer(member, command, message) : greet(member, message));
    };
    inbound.on('data', (bytes: Buffer) => requests(bytes).forEach(take));
    outbound.on('data', (bytes: Buffer) => replies(bytes).forEach(pass));
  };

  for (let member = 0; member < 3; member++) {
    const proxy = started.use(await startTcpProxy(serverUrl, relayOf(member)));
    members.push(proxy);
    hosts.push(new URL(proxy.url).host);
  }
  const url = new URL(serverUrl);
  url.searchParams.delete('directConnection');
  url.searchParams.set('replicaSet', setName);
  const running = started.move();
  return {
    url: url.href.replace(url.host, hosts.join()),
    /** Interrupts the next such write, as `insert Observation`. After it, no member is the primary before the next election. */
    async interrupt(kind: Interruption, write: RegExp): Promise<void> {
      await new Promise<void>((onDone) => {
        awaited = { kind, write, onDone };
      });
      await stopped?.close();
    },
    /** Another member becomes the primary, and all of them run. */
    async elect(): Promise<void> {
      isSlow = false;
      primary = elections % members.length;
      elections += 1;
      await stopped?.open();
      stopped = undefined;
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function readCommand(message: Buffer): Command {
  const text = mongodbCommand(message) ?? '';
  const [name] = text.split(' ');
  const isRepeatable = text !== '' && readDocument(message, documentAt(message)).txnNumber !== undefined;
  return { id: message.readInt32LE(4), name: name || undefined, text, isRepeatable };
}

function failure(codeName: keyof typeof codes, command: Command): Document {
  return { ok: 0, errmsg: `answered by a proxy: ${codeName}`, code: codes[codeName], codeName, ...labels(command) };
}

function labels({ isRepeatable }: Command) {
  return isRepeatable ? { errorLabels: ['RetryableWriteError'] } : {};
}

const headerBytes = 16;
const opMsg = 2013;
/** The header, the flags, and the kind of the first section. */
const opMsgDocumentAt = headerBytes + 4 + 1;
/** The header, the flags, the cursor's id, the position, and the count. It answers the first command of a connection. */
const opReplyDocumentAt = headerBytes + 4 + 8 + 4 + 4;

function documentAt(message: Buffer): number {
  return message.readInt32LE(12) === opMsg ? opMsgDocumentAt : opReplyDocumentAt;
}

/** Keeps the types of numbers. */
function readDocument(message: Buffer, at: number): Document {
  return BSON.deserialize(message.subarray(at, at + message.readInt32LE(at)), { promoteValues: false });
}

function toMessage(document: Document, responseTo: number): Buffer {
  const head = Buffer.alloc(opMsgDocumentAt);
  head.writeInt32LE(responseTo, 8);
  head.writeInt32LE(opMsg, 12);
  return withLength(Buffer.concat([head, BSON.serialize(document)]));
}

function withLength(message: Buffer): Buffer {
  message.writeInt32LE(message.length, 0);
  return message;
}
