import Sequencer from '@jest/test-sequencer';

/**
 * Tests that take a minute or two, mostly of waiting for images, exports and pages. Started first, they leave the cores
 * to other tests. Started last, they would delay the end of the run. A fresh clone has no recorded durations that jest
 * could sort by.
 */
const longest = [
  'scripts/docker/compose.integration.test.ts',
  'scripts/interop/interop.integration.test.ts',
  'scripts/chaos/chaos.integration.test.ts',
  'scripts/fuzz/fuzz.integration.test.ts',
  'packages/bulk-export/src/tests/scenarios.integration.test.ts',
  'scripts/docs/how-to.integration.test.ts',
  'apps/worker/test/sync/enhanced-sync.integration.test.ts',
  'scripts/start/two-starts.integration.test.ts',
  'scripts/leaks/every-string.integration.test.ts',
  // A browser waits for the end of the first file, see lockNetwork.
  'scripts/browser/console.integration.test.ts',
  'apps/worker/test/system/crash.integration.test.ts',
  'packages/ehr-client/src/linear-time.test.ts',
  'apps/worker/test/erasure/erase-connection.integration.test.ts',
  'apps/worker/test/erasure/erase-patient.integration.test.ts',
];

/** The other tests follow in jest's own order. */
// biome-ignore lint/style/noDefaultExport: jest expects a sequencer as the default export.
export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const rank = ({ path }) => [...longest, ''].findIndex((file) => path.endsWith(file));
    const sorted = await super.sort(tests);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
