import { z } from 'zod';
import { defineFault } from '../define-fault.ts';
import { mapLines } from '../map-lines.ts';

/** One line of a file is replaced: by `with`, or by its own first half, which is no JSON. */
export const corruptLineFault = defineFault({
  kind: 'corrupt-line',
  fields: { line: z.int().min(1), with: z.string().optional() },
  create: ({ line, with: replacement }) => ({
    changeReply: ({ reply }) =>
      mapLines({
        reply,
        map: (text, number) => {
          const half = text.subarray(0, Math.floor(text.length / 2));
          const kept = replacement === undefined ? half : Buffer.from(replacement);
          return Buffer.concat([number === line ? kept : text, Buffer.from('\n')]);
        },
      }),
  }),
});
