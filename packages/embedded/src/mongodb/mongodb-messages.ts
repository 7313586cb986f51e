/** https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/ */
const headerBytes = 16;
const opMsg = 2013;

/** Cuts a stream into messages, each of which begins with its length. */
export function mongodbMessages(): (bytes: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const complete: Buffer[] = [];
    while (rest.length >= headerBytes && rest.length >= rest.readInt32LE(0)) {
      complete.push(rest.subarray(0, rest.readInt32LE(0)));
      rest = rest.subarray(rest.readInt32LE(0));
    }
    return complete;
  };
}

/**
 * The first element of a command is its name, mostly with the collection, such as `find erasure_epochs`. The heartbeats of the driver are not
 * commands of the program.
 */
export function mongodbCommand(message: Buffer): string | undefined {
  // The flags, the kind of the section, and the length of the document.
  const start = headerBytes + 4 + 1 + 4;
  if (message.readInt32LE(12) !== opMsg || message[start - 5] !== 0) return undefined;
  const end = message.indexOf(0, start + 1);
  const name = message.toString('latin1', start + 1, end);
  if (name === 'hello' || name === 'isMaster' || name === 'endSessions') return undefined;
  if (message[start] !== 2) return name;
  const length = message.readInt32LE(end + 1);
  return `${name} ${message.toString('latin1', end + 5, end + 4 + length)}`;
}
