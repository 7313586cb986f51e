import { z } from 'zod';
import type { Reply } from '../http/reply.ts';
import { changeLines, type LineChange } from './change-lines.ts';
import { type DefineFaultInput, defineFault, type FaultKind } from './define-fault.ts';

export interface DefineLineFaultInput<Shape extends z.ZodRawShape> extends Omit<DefineFaultInput<Shape>, 'create'> {
  readonly create: (fields: z.output<z.ZodObject<Shape>>) => LineChange;
}

/**
 * A fault of a file's lines. Plain, it spoils what is sent: the length is left out, the ETag stays, and line 1 of a
 * ranged answer is the first of the range. `consistent`, it is the file that is so: lines are numbered in the whole
 * file, and size, ETag and ranges are those of the changed file.
 */
export function defineLineFault<const Shape extends z.ZodRawShape>({
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
