import type { Steps } from './steps.ts';

const quote = 0x22;
const backslash = 0x5c;
const opening: readonly number[] = [0x5b, 0x7b];
const closing: readonly number[] = [0x5d, 0x7d];
const nothing = Buffer.from('null');
/** Scanning them takes some milliseconds. */
const stepBytes = 1024 * 1024;

/** Replaces what is below a depth of a JSON text by null, so that the rest can be parsed. Text that is not JSON stays so. */
export function* cutDepthInSteps(json: Buffer, maxDepth: number): Steps<Buffer> {
  const parts: Buffer[] = [];
  let kept = 0;
  let depth = 0;
  for (let [at, pauseAt] = [0, stepBytes]; at < json.length; at++) {
    const byte = json[at] as number;
    if (byte === quote) at = endOfString(json, at);
    else if (opening.includes(byte)) {
      depth += 1;
      if (depth === maxDepth + 1) parts.push(json.subarray(kept, at), nothing);
    } else if (closing.includes(byte)) {
      if (depth === maxDepth + 1) kept = at + 1;
      depth -= 1;
    }
    if (at < pauseAt) continue;
    pauseAt = at + stepBytes;
    yield;
  }
  return Buffer.concat([...parts, json.subarray(kept)]);
}

/** @returns the place of its second quote, or the end of the text */
function endOfString(json: Buffer, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    if (json[at] === backslash) at += 1;
    else if (json[at] === quote) return at;
  }
  return json.length;
}
