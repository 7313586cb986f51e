import { TestEnvironment } from 'jest-environment-node';
import { activation } from './activation.mjs';

// biome-ignore lint/style/noDefaultExport: jest requires a default export.
export default class MutationEnvironment extends TestEnvironment {
  #hasFailed = false;
  #state = {
    activeMutant: activation.mutantId,
    // Code in an infinite loop gets an error after it has reached the mutant so often.
    ...(activation.hitLimit && { hitCount: 0, hitLimit: activation.hitLimit }),
    mutantCoverage: { static: {}, perTest: {} },
  };

  constructor(config, context) {
    super(config, context);
    // The instrumented sources read this name.
    this.global.__stryker__ = this.#state;
  }

  handleTestEvent(event) {
    if (event.name === 'test_start') {
      this.#state.currentTestId = fullNameOf(event.test);
      if (this.#hasFailed) event.test.mode = 'skip';
    }
    if (event.name === 'test_done') {
      this.#state.currentTestId = undefined;
      // Without a mutant every test runs, to record which mutants each of them reaches.
      if (event.test.errors.length > 0 && activation.mutantId !== undefined) this.#hasFailed = true;
    }
  }

  async teardown() {
    activation.coverage = this.#state.mutantCoverage;
    await super.teardown();
  }
}

/** Joins the names as jest does for `testNamePattern`. */
function fullNameOf(test) {
  const names = [];
  for (let block = test; block.parent; block = block.parent) names.unshift(block.name);
  return names.join(' ');
}
