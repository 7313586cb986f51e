import { z } from 'zod';
import { changeLines, type LineChange } from '../export/change-lines.ts';
import type { Reply } from '../http/reply.ts';
import { isJsonObject, mergePatch, parseExact } from '../practice/exact-json.ts';
import { type DefineFaultInput, defineFault, type FaultKind } from './fault.ts';

/** The lines that a fault changes: one line, every nth line, or all lines if neither is set. */
const chosenLinesFields = { line: z.int().min(1).optional(), every: z.int().min(1).optional() };

const newline = Buffer.from('\n');

/** "ü" in Latin-1 and a byte that no text encoding uses, as a careless conversion leaves them. */
const latin1Bytes = Buffer.from([0xfc, 0xff]);

/** Above the maximum of 16 MB for a BSON document. */
const aboveBsonBytes = 17_000_000;

const piece = Buffer.alloc(64 * 1024, 'x');

const endings = { crlf: '\r\n', 'trailing-space': ' \n', 'blank-line': '\n\n' } as const;

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

export const lineFaults: readonly FaultKind[] = [
  /** Replaces lines by `with`, or by their own first half, which is not valid JSON. */
  defineLineFault({
    kind: 'corrupt-line',
    fields: { ...chosenLinesFields, with: z.string().optional() },
    create: ({ with: replacement, ...chosen }) => {
      const corrupt = (line: Buffer) =>
        replacement === undefined ? line.subarray(0, Math.floor(line.length / 2)) : Buffer.from(replacement);
      return (line, number) => [isChosen(chosen, number) ? corrupt(line) : line, newline];
    },
  }),
  /**
   * Changes resources in a file by a merge patch (RFC 7396: null removes a member), for example to remove the `id`, to
   * change the `resourceType` or to add a tag. The text of numbers is kept, and lines without a resource are not
   * changed.
   */
  defineLineFault({
    kind: 'edit-resource',
    fields: { ...chosenLinesFields, set: z.record(z.string(), z.unknown()) },
    create: ({ set, ...chosen }) => {
      const edit = (line: Buffer) => Buffer.from(JSON.stringify(mergePatch({ target: parsed(line), patch: set })));
      return (line, number) => [isChosen(chosen, number) && isResource(line) ? edit(line) : line, newline];
    },
  }),
  /** Puts raw control characters into a string of a line, as in athenahealth's narratives. JSON.parse rejects them. */
  defineLineFault({
    kind: 'control-characters',
    fields: chosenLinesFields,
    create: (chosen) => (line, number) => [
      isChosen(chosen, number) ? insertIntoString({ line, bytes: Buffer.from('\u0000\u000b\t') }) : line,
      newline,
    ],
  }),
  /** Puts bytes that are not valid UTF-8 into a string of a line. */
  defineLineFault({
    kind: 'invalid-utf8',
    fields: chosenLinesFields,
    create: (chosen) => (line, number) => [
      isChosen(chosen, number) ? insertIntoString({ line, bytes: latin1Bytes }) : line,
      newline,
    ],
  }),
  /**
   * Lengthens a resource by `bytes`. The line is valid JSON with a very long `implicitRules` and is not held in memory.
   */
  defineLineFault({
    kind: 'long-line',
    fields: { ...chosenLinesFields, bytes: z.int().min(1).default(aboveBsonBytes) },
    create:
      ({ bytes, ...chosen }) =>
      (line, number) =>
        isChosen(chosen, number) ? lengthened(line, bytes) : [line, newline],
  }),
  /** Writes lines twice. */
  defineLineFault({
    kind: 'duplicate-lines',
    fields: chosenLinesFields,
    create: (chosen) => (line, number) => (isChosen(chosen, number) ? [line, newline, line, newline] : [line, newline]),
  }),
  /** Writes line endings like a careless server: `crlf`, `trailing-space`, or a `blank-line` after every line. */
  defineLineFault({
    kind: 'line-endings',
    fields: { style: z.enum(['crlf', 'trailing-space', 'blank-line']) },
    create: ({ style }) => {
      const ending = Buffer.from(endings[style]);
      return (line) => [line, ending];
    },
  }),
  /** Starts the file with a byte order mark. */
  defineLineFault({
    kind: 'bom',
    fields: {},
    create: () => (line, number) => [...(number === 1 ? [byteOrderMark] : []), line, newline],
  }),
  /** Omits the newline after the last line of a file. */
  defineLineFault({
    kind: 'no-final-newline',
    fields: {},
    create: () => (line, number) => (number === 1 ? line : [newline, line]),
  }),
];

interface ChosenLines {
  readonly line?: number | undefined;
  readonly every?: number | undefined;
}

function isChosen({ line, every }: ChosenLines, number: number): boolean {
  return (line === undefined || number === line) && (every === undefined || number % every === 0);
}

function isResource(line: Buffer): boolean {
  return isJsonObject(parsed(line));
}

function parsed(line: Buffer): unknown {
  try {
    return parseExact(line.toString());
  } catch {
    // A fault that was ordered earlier has made the line invalid.
    return undefined;
  }
}

function* lengthened(line: Buffer, bytes: number): Generator<Buffer> {
  yield line.subarray(0, line.lastIndexOf('}'));
  yield Buffer.from(',"implicitRules":"urn:');
  for (let remainingBytes = bytes; remainingBytes > 0; remainingBytes -= piece.length)
    yield piece.subarray(0, remainingBytes);
  yield Buffer.from('"}\n');
}

interface DefineLineFaultInput<Shape extends z.ZodRawShape> extends Omit<DefineFaultInput<Shape>, 'create'> {
  readonly create: (fields: z.output<z.ZodObject<Shape>>) => LineChange;
}

/**
 * Defines a fault of lines. By default it changes the answer: the length is omitted, the ETag stays, and line 1 of a
 * ranged answer is the first line of the range. With `consistent` it changes the file: lines are numbered in the whole
 * file, and size, ETag and ranges are those of the changed file.
 */
function defineLineFault<const Shape extends z.ZodRawShape>({
  kind,
  fields,
  create,
}: DefineLineFaultInput<Shape>): FaultKind {
  const own = z.object(fields);
  return defineFault({
    kind,
    fields: { ...fields, consistent: z.boolean().default(false) } as z.ZodRawShape,
    create: (specification) => {
      const change = create(own.parse(specification));
      return specification.consistent
        ? { changeFile: change }
        : { changeReply: (reply) => withChangedLines(reply, change) };
    },
  });
}

/** Changes the file of an answer line by line. Its length is then unknown. */
function withChangedLines(reply: Reply, change: LineChange): Reply {
  if (reply.document !== undefined || reply.body === undefined) return reply;
  const { 'content-length': _, ...headers } = reply.headers;
  const chunks = Buffer.isBuffer(reply.body) ? [reply.body] : reply.body;
  return { ...reply, headers, body: changeLines(chunks, change) };
}

/** Inserts bytes after the first `<div ...>` of a line, or into its first string value. */
function insertIntoString({ line, bytes }: { readonly line: Buffer; readonly bytes: Buffer }): Buffer {
  // Latin-1 has one character per byte, so positions in the text are positions in the line.
  const text = line.toString('latin1');
  const match = /1999\/xhtml\\">/.exec(text) ?? /":\s*"/.exec(text);
  const at = match ? match.index + match[0].length : 0;
  return Buffer.concat([line.subarray(0, at), bytes, line.subarray(at)]);
}
