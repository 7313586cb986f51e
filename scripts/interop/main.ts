// usage: pnpm interop [--json] [--patients N] [--types A,B] [--per-type N] [--searches N] [--seed N]
// Runs exports, syncs, documents and searches against HAPI FHIR, a server that this project did not write. Compares all
// stored resources with those that the server serves, and all search results with those of the server. Exit 1 if
// anything differs without a known reason.
import { runProgram } from '../command-line.ts';
import { buildProject, whyNoBuild } from '../maven/maven-project.ts';
import { makeProgramFolder } from '../program-folder.ts';
import { createSteps } from '../steps/steps.ts';
import { type InteropOptions, readOptions } from './options.ts';
import { runInterop } from './run-interop.ts';
import { hapiProject, startHapi } from './server/start-hapi.ts';

await runProgram((args) => main(readOptions(args)));

async function main({ json, part, searches }: InteropOptions): Promise<number> {
  const steps = createSteps({ stream: json ? process.stderr : process.stdout });
  const { env } = process;
  const missing = whyNoBuild({ project: hapiProject, env });
  if (missing !== undefined) throw new Error(`The FHIR server cannot be built: ${missing}.`);
  const { path: folder, keep } = makeProgramFolder('interop');
  let isClean = false;
  const hapi = await steps.run('build of the FHIR server', async (progress) => {
    const built = await buildProject({ project: hapiProject, env, progress });
    progress('starting');
    const value = await startHapi(built, env);
    return { text: `starts at ${value.url}`, value };
  });
  try {
    const report = await runInterop({ hapi, part, searches, folder, env, steps });
    isClean = report.isClean;
    console.log(JSON.stringify({ ...report.tally, searches: report.searches }));
    return isClean ? 0 : 1;
  } finally {
    await hapi.stop();
    if (!isClean) {
      keep();
      steps.print(`The logs of the processes and the data are kept in ${folder}`);
    }
  }
}
