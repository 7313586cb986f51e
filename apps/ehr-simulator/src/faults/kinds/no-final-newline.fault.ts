import { defineLineFault } from '../define-line-fault.ts';

const newline = Buffer.from('\n');

/** The last line of a file ends with the file. */
export const noFinalNewlineFault = defineLineFault({
  kind: 'no-final-newline',
  fields: {},
  create: () => (line, number) => (number === 1 ? line : [newline, line]),
});
