import { chosenLinesFields, isChosen } from '../chosen-lines.ts';
import { defineLineFault } from '../define-line-fault.ts';
import { insertIntoString } from '../insert-into-string.ts';

const newline = Buffer.from('\n');

/** Raw control characters inside a string of a line (athenahealth's narratives have them): JSON.parse refuses it. */
export const controlCharactersFault = defineLineFault({
  kind: 'control-characters',
  fields: chosenLinesFields,
  create: (chosen) => (line, number) => [
    isChosen(chosen, number) ? insertIntoString({ line, bytes: Buffer.from('\u0000\u000b\t') }) : line,
    newline,
  ],
});
