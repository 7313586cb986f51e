import { z } from 'zod';
import { defineFault } from '../define-fault.ts';
import { mapLines } from '../map-lines.ts';

const newline = Buffer.from('\n');

/** Raw control characters inside a string of a line (athenahealth's narratives have them): JSON.parse refuses it. */
export const controlCharactersFault = defineFault({
  kind: 'control-characters',
  fields: { line: z.int().min(1) },
  create: ({ line }) => ({
    changeReply: ({ reply }) =>
      mapLines({ reply, map: (text, number) => [number === line ? spoiled(text) : text, newline] }),
  }),
});

/** Put after the first `<div ...>`, or else into the first string value. */
function spoiled(line: Buffer): Buffer {
  const text = line.toString();
  return Buffer.from(
    text.includes('1999/xhtml\\">')
      ? text.replace('1999/xhtml\\">', '1999/xhtml\\">\u0000\u000b\t')
      : text.replace(/":\s*"/, '$&\u0000\u000b\t'),
  );
}
