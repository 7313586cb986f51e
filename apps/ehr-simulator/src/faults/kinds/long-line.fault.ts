import { z } from 'zod';
import { chosenLinesFields, isChosen } from '../chosen-lines.ts';
import { defineLineFault } from '../define-line-fault.ts';

/** Above the 16 MB where a BSON document ends. */
const aboveBsonBytes = 17_000_000;
const piece = Buffer.alloc(64 * 1024, 'x');

/** A resource of `bytes` more than it has: valid JSON, with one very long `implicitRules`. Not held as a whole. */
export const longLineFault = defineLineFault({
  kind: 'long-line',
  fields: { ...chosenLinesFields, bytes: z.int().min(1).default(aboveBsonBytes) },
  create:
    ({ bytes, ...chosen }) =>
    (line, number) =>
      isChosen(chosen, number) ? lengthened({ line, bytes }) : [line, Buffer.from('\n')],
});

function* lengthened({ line, bytes }: { readonly line: Buffer; readonly bytes: number }): Generator<Buffer> {
  yield line.subarray(0, line.lastIndexOf('}'));
  yield Buffer.from(',"implicitRules":"urn:');
  for (let left = bytes; left > 0; left -= piece.length) yield piece.subarray(0, left);
  yield Buffer.from('"}\n');
}
