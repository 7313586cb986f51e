import { z } from 'zod';
import type { Reply } from '../http/reply.ts';
import { isJsonObject, mergePatch, parseExact } from '../practice/exact-json.ts';
import { changeLines, type LineChange } from './change-lines.ts';
import { type DefineFaultInput, defineFault, type FaultKind } from './fault.ts';

/** Which lines a fault hits: one, every nth, or with neither all of them. */
const chosenLinesFields = { line: z.int().min(1).optional(), every: z.int().min(1).optional() };

interface ChosenLines {
  readonly line?: number | undefined;
  readonly every?: number | undefined;
}

function isChosen({ line, every }: ChosenLines, number: number): boolean {
  return (line === undefined || number === line) && (every === undefined || number % every === 0);
}

const newline = Buffer.from('\n');

/** Lines of a file are replaced: by `with`, or by their own first half, which is no JSON. */
const corruptLineFault = defineLineFault({
  kind: 'corrupt-line',
  fields: { ...chosenLinesFields, with: z.string().optional() },
  create: ({ with: replacement, ...chosen }) => {
    const corrupt = (line: Buffer) =>
      replacement === undefined ? line.subarray(0, Math.floor(line.length / 2)) : Buffer.from(replacement);
    return (line, number) => [isChosen(chosen, number) ? corrupt(line) : line, newline];
  },
});

/**
 * Resources in a file are changed by a merge patch (RFC 7396: null takes a member out): one without `id`, of another
 * `resourceType`, with a tag. The text of numbers is kept; lines that are no resource stay as they are.
 */
const editResourceFault = defineLineFault({
  kind: 'edit-resource',
  fields: { ...chosenLinesFields, set: z.record(z.string(), z.unknown()) },
  create: ({ set, ...chosen }) => {
    const edit = (line: Buffer) => Buffer.from(JSON.stringify(mergePatch({ target: parsed(line), patch: set })));
    return (line, number) => [isChosen(chosen, number) && isResource(line) ? edit(line) : line, newline];
  },
});

function isResource(line: Buffer): boolean {
  return isJsonObject(parsed(line));
}

function parsed(line: Buffer): unknown {
  try {
    return parseExact(line.toString());
  } catch {
    // An order before this one made it so.
    return undefined;
  }
}

/** Raw control characters inside a string of a line (athenahealth's narratives have them): JSON.parse refuses it. */
const controlCharactersFault = defineLineFault({
  kind: 'control-characters',
  fields: chosenLinesFields,
  create: (chosen) => (line, number) => [
    isChosen(chosen, number) ? insertIntoString({ line, bytes: Buffer.from('\u0000\u000b\t') }) : line,
    newline,
  ],
});

/** "ü" in Latin-1, and a byte that no encoding of text has: what a careless conversion leaves. */
const latin1Bytes = Buffer.from([0xfc, 0xff]);

/** Bytes inside a string of a line that are no UTF-8. */
const invalidUtf8Fault = defineLineFault({
  kind: 'invalid-utf8',
  fields: chosenLinesFields,
  create: (chosen) => (line, number) => [
    isChosen(chosen, number) ? insertIntoString({ line, bytes: latin1Bytes }) : line,
    newline,
  ],
});

/** Above the 16 MB where a BSON document ends. */
const aboveBsonBytes = 17_000_000;
const piece = Buffer.alloc(64 * 1024, 'x');

/** A resource of `bytes` more than it has: valid JSON, with one very long `implicitRules`. Not held as a whole. */
const longLineFault = defineLineFault({
  kind: 'long-line',
  fields: { ...chosenLinesFields, bytes: z.int().min(1).default(aboveBsonBytes) },
  create:
    ({ bytes, ...chosen }) =>
    (line, number) =>
      isChosen(chosen, number) ? lengthened({ line, bytes }) : [line, newline],
});

function* lengthened({ line, bytes }: { readonly line: Buffer; readonly bytes: number }): Generator<Buffer> {
  yield line.subarray(0, line.lastIndexOf('}'));
  yield Buffer.from(',"implicitRules":"urn:');
  for (let left = bytes; left > 0; left -= piece.length) yield piece.subarray(0, left);
  yield Buffer.from('"}\n');
}

/** Lines come twice. */
const duplicateLinesFault = defineLineFault({
  kind: 'duplicate-lines',
  fields: chosenLinesFields,
  create: (chosen) => (line, number) => (isChosen(chosen, number) ? [line, newline, line, newline] : [line, newline]),
});

const endings = { crlf: '\r\n', 'trailing-space': ' \n', 'blank-line': '\n\n' } as const;

/** Files as careless servers write them: `crlf`, `trailing-space`, `blank-line` after every line. */
const lineEndingsFault = defineLineFault({
  kind: 'line-endings',
  fields: { style: z.enum(['crlf', 'trailing-space', 'blank-line']) },
  create: ({ style }) => {
    const ending = Buffer.from(endings[style]);
    return (line) => [line, ending];
  },
});

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
/** The file starts with a byte order mark. */
const bomFault = defineLineFault({
  kind: 'bom',
  fields: {},
  create: () => (line, number) => [...(number === 1 ? [byteOrderMark] : []), line, newline],
});

/** The last line of a file ends with the file. */
const noFinalNewlineFault = defineLineFault({
  kind: 'no-final-newline',
  fields: {},
  create: () => (line, number) => (number === 1 ? line : [newline, line]),
});

export const lineFaults: readonly FaultKind[] = [
  corruptLineFault,
  editResourceFault,
  controlCharactersFault,
  invalidUtf8Fault,
  longLineFault,
  duplicateLinesFault,
  lineEndingsFault,
  bomFault,
  noFinalNewlineFault,
];

interface DefineLineFaultInput<Shape extends z.ZodRawShape> extends Omit<DefineFaultInput<Shape>, 'create'> {
  readonly create: (fields: z.output<z.ZodObject<Shape>>) => LineChange;
}

/**
 * A fault of a file's lines. Plain, it spoils what is sent: the length is left out, the ETag stays, and line 1 of a
 * ranged answer is the first of the range. `consistent`, it is the file that is so: lines are numbered in the whole
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
        : { changeReply: ({ reply }) => withChangedLines({ reply, change }) };
    },
  });
}

/** An answer whose file is changed line by line. Its length is not known any more. */
function withChangedLines({ reply, change }: { readonly reply: Reply; readonly change: LineChange }): Reply {
  if (reply.document !== undefined || reply.body === undefined) return reply;
  const { 'content-length': _, ...headers } = reply.headers;
  const chunks = Buffer.isBuffer(reply.body) ? [reply.body] : reply.body;
  return { ...reply, headers, body: changeLines({ chunks, change }) };
}

interface InsertIntoStringInput {
  readonly line: Buffer;
  readonly bytes: Buffer;
}

/** Puts bytes after the first `<div ...>` of a line, or else into its first string value. */
function insertIntoString({ line, bytes }: InsertIntoStringInput): Buffer {
  // One character for each byte, so that places in the text are places in the line.
  const text = line.toString('latin1');
  const found = /1999\/xhtml\\">/.exec(text) ?? /":\s*"/.exec(text);
  const at = found ? found.index + found[0].length : 0;
  return Buffer.concat([line.subarray(0, at), bytes, line.subarray(at)]);
}
