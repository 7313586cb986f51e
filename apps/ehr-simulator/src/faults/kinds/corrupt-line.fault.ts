import { z } from 'zod';
import { chosenLinesFields, isChosen } from '../chosen-lines.ts';
import { defineLineFault } from '../define-line-fault.ts';

const newline = Buffer.from('\n');

/** Lines of a file are replaced: by `with`, or by their own first half, which is no JSON. */
export const corruptLineFault = defineLineFault({
  kind: 'corrupt-line',
  fields: { ...chosenLinesFields, with: z.string().optional() },
  create: ({ with: replacement, ...chosen }) => {
    const corrupt = (line: Buffer) =>
      replacement === undefined ? line.subarray(0, Math.floor(line.length / 2)) : Buffer.from(replacement);
    return (line, number) => [isChosen(chosen, number) ? corrupt(line) : line, newline];
  },
});
