import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installFromPypi, runCommand, spawnTethered } from '@bulkhead/embedded';
import { waitForHttp } from '../system/wait-for-http.ts';

const { env } = process;

/** Installs SEKMET, a FHIR server in Python. */
export function installSekmet() {
  return installFromPypi({ name: 'sekmet-fhir', version: '0.1.1', command: 'sekmet', env });
}

/** Starts SEKMET with generated patients. @param options.clients as its settings have them */
export async function startSekmet(options: {
  readonly command: string;
  readonly port: number;
  readonly patients: number;
  readonly clients: readonly object[];
}) {
  const { command, port, patients, clients } = options;
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-sekmet-'));
  const settings = join(folder, 'settings.yaml');
  const fhirUrl = `http://127.0.0.1:${port}/fhir`;
  // JSON is YAML.
  writeFileSync(
    settings,
    JSON.stringify({
      base_url: fhirUrl,
      host: '127.0.0.1',
      port,
      data_dir: join(folder, 'data'),
      server_auth: { types: ['smart'], smart_clients: clients },
    }),
  );
  await runCommand({ command, args: ['seed', '-c', settings, '--count', String(patients)], env, cwd: folder });
  const args = ['serve', '-c', settings];
  const server = await spawnTethered({ command, args, env, cwd: folder, output: { file: join(folder, 'log') } });
  await waitForHttp({ url: `${fhirUrl}/metadata`, what: 'SEKMET' });
  return {
    fhirUrl,
    async stop(): Promise<void> {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
