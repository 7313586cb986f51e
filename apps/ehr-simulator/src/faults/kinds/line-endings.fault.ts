import { z } from 'zod';
import { defineFault } from '../define-fault.ts';
import { mapLines } from '../map-lines.ts';

const endings = { crlf: '\r\n', 'trailing-space': ' \n', 'blank-line': '\n\n' } as const;

/** Files as careless servers write them: `crlf`, `trailing-space`, `blank-line` after every line. */
export const lineEndingsFault = defineFault({
  kind: 'line-endings',
  fields: { style: z.enum(['crlf', 'trailing-space', 'blank-line']) },
  create: ({ style }) => ({
    changeReply: ({ reply }) => mapLines({ reply, map: (line) => [line, Buffer.from(endings[style])] }),
  }),
});
