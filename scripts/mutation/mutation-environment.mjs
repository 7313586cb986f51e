import { TestEnvironment } from 'jest-environment-node';
import { activation } from './activation.mjs';

// biome-ignore lint/style/noDefaultExport: jest takes nothing else.
export default class MutationEnvironment extends TestEnvironment {
  #hasFailed = false;
  #state = {
    activeMutant: activation.mutantId,
    // Code that loops for ever gets an error once it has reached the mutant so often.
    ...(activation.hitLimit && { hitCount: 0, hitLimit: activation.hitLimit }),
    mutantCoverage: { static: {}, perTest: {} },
  };

  constructor(config, context) {
    super(config, context);
    // The instrumented sources look for this name.
    this.global.__stryker__ = this.#state;
  }

  handleTestEvent(event) {
    if (event.name === 'test_start') {
      this.#state.currentTestId = fullNameOf(event.test);
      if (this.#hasFailed) event.test.mode = 'skip';
    }
    if (event.name === 'test_done') {
      this.#state.currentTestId = undefined;
      // Without a mutant every test runs: each is asked what it reaches.
      if (event.test.errors.length > 0 && activation.mutantId !== undefined) this.#hasFailed = true;
    }
  }

  async teardown() {
    activation.coverage = this.#state.mutantCoverage;
    await super.teardown();
  }
}

/** As jest joins the names for `testNamePattern`. */
function fullNameOf(test) {
  const names = [];
  for (let block = test; block.parent; block = block.parent) names.unshift(block.name);
  return names.join(' ');
}
