import { execFile } from 'node:child_process';
import { cp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Beside the checkout, like other programs that this project did not write. */
export const bdtFolder = fileURLToPath(new URL('../../../../../shared/judges/bdt/', import.meta.url));

export interface BdtOptions {
  /** An empty folder, into which the suite is copied and installed. */
  readonly workFolder: string;
  readonly fhirEndpoint: string;
  readonly groupId: string;
  readonly tokenEndpoint: string;
  readonly clientId: string;
  /** A JSON Web Key. */
  readonly privateKey: object;
  readonly jwksUrl: string;
}

export interface BdtResult {
  /** Its position in the tree of tests, which `node . list` prints. */
  readonly path: string;
  readonly name: string;
  readonly status: string;
}

/** The suite is of 2022 and uses a class that Node.js has removed since. */
const shim = "const buffer = require('buffer');\nbuffer.SlowBuffer ??= buffer.Buffer;\n";

/** Runs bdt, a published test suite for bulk data servers. Its packages are old and vulnerable, so they stay in the folder. */
export async function runBdt({ workFolder, ...options }: BdtOptions): Promise<BdtResult[]> {
  await cp(bdtFolder, workFolder, { recursive: true });
  await run('npm', ['ci', '--omit=dev', '--ignore-scripts'], { cwd: workFolder });
  await writeFile(join(workFolder, 'shim.cjs'), shim);
  await writeFile(join(workFolder, 'config.js'), `module.exports = ${JSON.stringify(configOf(options))};\n`);
  const { stdout } = await run(
    process.execPath,
    ['--require', './shim.cjs', '.', 'test', '-c', 'config.js', '-r', 'json'],
    { cwd: workFolder, maxBuffer: 64 * 1024 * 1024 },
  ).catch((error: { readonly stdout?: string }) => {
    // The suite exits with 1 if a test has failed.
    if (error.stdout) return { stdout: error.stdout };
    throw error;
  });
  return stdout.split('\n').flatMap(readResult);
}

function configOf(options: Omit<BdtOptions, 'workFolder'>) {
  const { fhirEndpoint, groupId, tokenEndpoint, clientId, privateKey, jwksUrl } = options;
  return {
    baseURL: fhirEndpoint,
    systemExportEndpoint: '$export',
    patientExportEndpoint: 'Patient/$export',
    groupExportEndpoint: `Group/${groupId}/$export`,
    fastestResource: 'Patient',
    authentication: {
      type: 'backend-services',
      optional: false,
      tokenEndpoint,
      clientId,
      privateKey,
      jwksUrl,
      scope: 'system/*.read',
      tokenSignAlgorithm: 'ES384',
      tokenExpiresIn: '4m',
    },
    requests: { strictSSL: false, timeout: 15_000 },
  };
}

function readResult(line: string): BdtResult[] {
  if (!line.startsWith('{')) return [];
  const { type, data } = JSON.parse(line) as { readonly type: string; readonly data: BdtResult };
  return type === 'testEnd' ? [{ path: data.path, name: data.name, status: data.status }] : [];
}
