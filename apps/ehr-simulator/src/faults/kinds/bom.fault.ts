import { defineLineFault } from '../define-line-fault.ts';

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const newline = Buffer.from('\n');

/** The file starts with a byte order mark. */
export const bomFault = defineLineFault({
  kind: 'bom',
  fields: {},
  create: () => (line, number) => [...(number === 1 ? [byteOrderMark] : []), line, newline],
});
