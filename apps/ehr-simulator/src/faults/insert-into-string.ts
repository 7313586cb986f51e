export interface InsertIntoStringInput {
  readonly line: Buffer;
  readonly bytes: Buffer;
}

/** Puts bytes after the first `<div ...>` of a line, or else into its first string value. */
export function insertIntoString({ line, bytes }: InsertIntoStringInput): Buffer {
  // One character for each byte, so that places in the text are places in the line.
  const text = line.toString('latin1');
  const found = /1999\/xhtml\\">/.exec(text) ?? /":\s*"/.exec(text);
  const at = found ? found.index + found[0].length : 0;
  return Buffer.concat([line.subarray(0, at), bytes, line.subarray(at)]);
}
