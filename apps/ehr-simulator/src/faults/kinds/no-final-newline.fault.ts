import { defineFault } from '../define-fault.ts';
import { mapLines } from '../map-lines.ts';

const newline = Buffer.from('\n');

/** The last line of a file ends with the file. */
export const noFinalNewlineFault = defineFault({
  kind: 'no-final-newline',
  fields: {},
  create: () => ({
    changeReply: ({ reply }) => mapLines({ reply, map: (line, number) => (number === 1 ? line : [newline, line]) }),
  }),
});
