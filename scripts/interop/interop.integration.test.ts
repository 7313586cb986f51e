import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { describeWith } from '../describe-with.fixture.ts';
import { buildForTest } from '../maven/maven-project.ts';
import { runJson } from '../run-json.fixture.ts';
import { findExamplesFolder } from './data/find-data.ts';
import { hapiProject } from './server/start-hapi.ts';

/** A few hundred resources. `pnpm interop` loads all. */
const args = ['--patients', 8, '--per-type', 60];
const types = 'Observation,Condition,Encounter,DiagnosticReport,Procedure,Practitioner,Organization';
const server = await buildForTest({ project: hapiProject, env: process.env });
const hasExamples = findExamplesFolder(process.env) !== undefined;
if (!hasExamples) {
  console.warn('Published examples and searches are not tested: set FHIR_EXAMPLES_DIR to the folder of the examples.');
  test.todo('stores published examples, and finds what an independent FHIR server finds');
}

describeWith({ title: 'an independent FHIR server', tool: server }, () => {
  test('Bulkhead stores the resources that an independent FHIR server serves, and finds the same search results', async () => {
    const { code, result } = await runJson(join(import.meta.dirname, 'main.ts'), [...args, '--types', types]);
    const { compared, searches, ...faults } = result;
    expect(faults).toEqual({ different: 0, missing: 0, extra: 0 });
    expect(compared).toBeGreaterThan(1000);
    expect(searches.different).toBe(0);
    // Without the examples there are no searches.
    expect(searches.found > 500).toBe(hasExamples);
    expect(code).toBe(0);
  }, 900_000);
});
