import { chosenLinesFields, isChosen } from '../chosen-lines.ts';
import { defineLineFault } from '../define-line-fault.ts';

const newline = Buffer.from('\n');

/** Lines come twice. */
export const duplicateLinesFault = defineLineFault({
  kind: 'duplicate-lines',
  fields: chosenLinesFields,
  create: (chosen) => (line, number) => (isChosen(chosen, number) ? [line, newline, line, newline] : [line, newline]),
});
