import { defineFault } from '../define-fault.ts';
import { mapLines } from '../map-lines.ts';

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const newline = Buffer.from('\n');

/** The file starts with a byte order mark. */
export const bomFault = defineFault({
  kind: 'bom',
  fields: {},
  create: () => ({
    changeReply: ({ reply }) =>
      mapLines({ reply, map: (line, number) => [...(number === 1 ? [byteOrderMark] : []), line, newline] }),
  }),
});
