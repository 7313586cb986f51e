// usage: pnpm prose:sample [SEED]
// Prints a random sample of 100 comments, 100 test titles, 60 messages and 40 passages of the documentation, for a
// review by a reader who does not know the code.
import { createRandom } from '../../random.ts';
import { readProse } from './read-prose.mjs';

const sampleSizes = { comment: 100, title: 100, message: 60, page: 40 };
const seed = Number(process.argv[2] ?? Math.floor(Math.random() * 1_000_000));
const random = createRandom(seed);
const passages = readProse();

console.log(`seed ${seed}`);
for (const [kind, count] of Object.entries(sampleSizes)) {
  const remaining = passages.filter((passage) => passage.kind === kind && isShown(passage));
  console.log(`\n## ${kind}: ${count} of ${remaining.length}\n`);
  for (const { file, line, text } of random.shuffle(remaining).slice(0, count))
    console.log(`- ${text} (${file}:${line})`);
}

/** Texts in tests are data. */
function isShown({ kind, file }) {
  return kind !== 'message' || !/\.(?:test|fixture)\.|\/testing\//.test(file);
}
