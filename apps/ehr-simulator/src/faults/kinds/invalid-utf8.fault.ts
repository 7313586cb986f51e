import { chosenLinesFields, isChosen } from '../chosen-lines.ts';
import { defineLineFault } from '../define-line-fault.ts';
import { insertIntoString } from '../insert-into-string.ts';

const newline = Buffer.from('\n');
/** "ü" in Latin-1, and a byte that no encoding of text has: what a careless conversion leaves. */
const bytes = Buffer.from([0xfc, 0xff]);

/** Bytes inside a string of a line that are no UTF-8. */
export const invalidUtf8Fault = defineLineFault({
  kind: 'invalid-utf8',
  fields: chosenLinesFields,
  create: (chosen) => (line, number) => [isChosen(chosen, number) ? insertIntoString({ line, bytes }) : line, newline],
});
