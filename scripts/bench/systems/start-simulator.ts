import { join } from 'node:path';
import { createSimulatorControl } from '@bulkhead/embedded/simulator-control';
import { simulatorApp, startApp } from '../../system/apps.ts';

export type BenchSimulator = Awaited<ReturnType<typeof startSimulator>>;

/** Above the ports of `npm start`, so that both can run. */
const firstPort = 8180;

/** Starts a simulated EHR as a separate process, which `await using` stops. */
export async function startSimulator(folder: string, env: Readonly<Record<string, string>>) {
  const app = await startApp({
    ...simulatorApp(env),
    wantedPort: firstPort,
    inheritedEnv: process.env,
    logFolder: join(folder, 'logs'),
  });
  const origin = app.url;
  return {
    origin,
    control: createSimulatorControl({ baseUrl: origin }),
    [Symbol.asyncDispose]: () => app.stop(),
  };
}
