// usage: pnpm fuzz [--requests N] [--seed S] [--json]
// Sends generated requests to a system that is started for it. Exits with 1 if an answer differs from the OpenAPI
// document.
import { runProgram } from '../command-line.ts';
import { makeProgramFolder } from '../program-folder.ts';
import { createSteps } from '../steps/steps.ts';
import { startTestSystem } from '../test-system/start-test-system.ts';
import { type FuzzOptions, readOptions } from './options.ts';
import { installSchemathesis, runSchemathesis } from './schemathesis.ts';

await runProgram((args) => main(readOptions(args)));

async function main({ requests, seed, json }: FuzzOptions): Promise<number> {
  // With --json, standard output has only the result.
  const steps = createSteps({ stream: json ? process.stderr : process.stdout });
  const command = await installSchemathesis();
  const { path: folder } = makeProgramFolder('fuzz');
  const env = {
    // All requests come from one address, and many of them have no valid key. The limits would reject most of them.
    API_REQUESTS_PER_MINUTE: '100000000',
    API_REFUSALS_PER_MINUTE: '100000000',
    ATHENAHEALTH_REDIRECT_URI: 'http://127.0.0.1/api/ehr/callback',
    // No request depends on a sweep. With the interval of chaos runs, sweeps are half of the workers' CPU time.
    WORKER_SWEEP_INTERVAL_MS: '10000',
  };
  const system = await startTestSystem({ folder, inMemory: true, patients: 5, seed, report: steps.report, env });
  const result = { requests: 0, failures: 0, seed };
  try {
    for (let run = 0; result.requests < requests; run++) {
      const turn = { seed: seed + run, isRepeated: run > 0 };
      const { sent, failures, output } = await runSchemathesis({ command, ...system, folder, ...turn });
      if (failures > 0) steps.print(output);
      result.requests += sent;
      result.failures += failures;
      steps.print(`${result.requests} requests, ${result.failures} failures`);
    }
  } finally {
    await system.stop();
  }
  console.log(JSON.stringify(result, null, json ? 0 : 2));
  return result.failures === 0 ? 0 : 1;
}
