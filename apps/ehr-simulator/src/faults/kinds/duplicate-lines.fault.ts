import { z } from 'zod';
import { defineFault } from '../define-fault.ts';
import { mapLines } from '../map-lines.ts';

const newline = Buffer.from('\n');

/** Every `every`th line comes twice. */
export const duplicateLinesFault = defineFault({
  kind: 'duplicate-lines',
  fields: { every: z.int().min(1).default(1) },
  create: ({ every }) => ({
    changeReply: ({ reply }) =>
      mapLines({
        reply,
        map: (line, number) => (number % every === 0 ? [line, newline, line, newline] : [line, newline]),
      }),
  }),
});
