import Sequencer from '@jest/test-sequencer';

/** Tests of whole systems, browsers and images take a minute or two, mostly of waiting. */
const wholeSystem = /\/(?:scripts|apps\/worker\/test)\/.*\.integration\.test\.ts$/;

/**
 * The longest files first, because a long file that starts last delays the end of the run. Jest knows the durations of earlier runs. In a
 * fresh clone, the tests of whole systems are first.
 */
// biome-ignore lint/style/noDefaultExport: jest expects a sequencer as the default export.
export default class LongestFirst extends Sequencer {
  async sort(tests) {
    const sorted = await super.sort(tests);
    const rank = ({ duration, path }) => (duration === undefined && wholeSystem.test(path) ? 0 : 1);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
