import { join } from 'node:path';
import { spawnTethered } from '@bulkhead/embedded';
import { root } from '../system/builds.ts';
import { nextFreePort } from '../system/next-free-port.ts';
import { waitForHttp } from '../system/wait-for-http.ts';

const folder = join(root, 'apps', 'console');

/** Starts Vite's development server of the console. It forwards requests to the API. */
export async function startViteServer(apiUrl: string) {
  const port = await nextFreePort({ wanted: 5173 });
  const url = `http://127.0.0.1:${port}`;
  const server = await spawnTethered({
    command: process.execPath,
    args: [
      join(folder, 'node_modules', 'vite', 'bin', 'vite.js'),
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--strictPort',
    ],
    env: { ...process.env, BULKHEAD_URL: apiUrl },
    cwd: folder,
    output: 'ignore',
  });
  await waitForHttp({ url, what: "the console's development server" });
  return { url, stop: () => server.stop() };
}
