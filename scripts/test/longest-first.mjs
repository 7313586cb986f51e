import Sequencer from '@jest/test-sequencer';

/**
 * What takes a minute or two, mostly of waiting: for images, exports, pages. Begun first, it leaves the cores to the others; begun last, it
 * would be waited for alone. A fresh clone has no times of an earlier run that jest could go by.
 */
const longest = [
  'scripts/docker/compose.integration.test.ts',
  'scripts/chaos/chaos.integration.test.ts',
  'scripts/interop/interop.integration.test.ts',
  'scripts/leaks/every-string.integration.test.ts',
  'scripts/start/two-starts.integration.test.ts',
  'apps/worker/test/bulk-export/life.integration.test.ts',
  'apps/worker/test/system/crash.integration.test.ts',
  'apps/worker/test/bulk-export/scenarios.integration.test.ts',
  'scripts/browser/console.integration.test.ts',
];

/** Jest's own order behind these. */
// biome-ignore lint/style/noDefaultExport: jest takes a sequencer so.
export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const rank = ({ path }) => [...longest, ''].findIndex((file) => path.endsWith(file));
    const sorted = await super.sort(tests);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
