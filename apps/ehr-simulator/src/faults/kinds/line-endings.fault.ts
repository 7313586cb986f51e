import { z } from 'zod';
import { defineLineFault } from '../define-line-fault.ts';

const endings = { crlf: '\r\n', 'trailing-space': ' \n', 'blank-line': '\n\n' } as const;

/** Files as careless servers write them: `crlf`, `trailing-space`, `blank-line` after every line. */
export const lineEndingsFault = defineLineFault({
  kind: 'line-endings',
  fields: { style: z.enum(['crlf', 'trailing-space', 'blank-line']) },
  create: ({ style }) => {
    const ending = Buffer.from(endings[style]);
    return (line) => [line, ending];
  },
});
