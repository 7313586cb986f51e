import { z } from 'zod';
import { isJsonObject, mergePatch, parseExact } from '../../practice/exact-json.ts';
import { chosenLinesFields, isChosen } from '../chosen-lines.ts';
import { defineLineFault } from '../define-line-fault.ts';

const newline = Buffer.from('\n');

/**
 * Resources in a file are changed by a merge patch (RFC 7396: null takes a member out): one without `id`, of another
 * `resourceType`, with a tag. The text of numbers is kept; lines that are no resource stay as they are.
 */
export const editResourceFault = defineLineFault({
  kind: 'edit-resource',
  fields: { ...chosenLinesFields, set: z.record(z.string(), z.unknown()) },
  create: ({ set, ...chosen }) => {
    const edit = (line: Buffer) => Buffer.from(JSON.stringify(mergePatch({ target: parsed(line), patch: set })));
    return (line, number) => [isChosen(chosen, number) && isResource(line) ? edit(line) : line, newline];
  },
});

function isResource(line: Buffer): boolean {
  return isJsonObject(parsed(line));
}

function parsed(line: Buffer): unknown {
  try {
    return parseExact(line.toString());
  } catch {
    // An order before this one made it so.
    return undefined;
  }
}
