import { join } from 'node:path';
import { simulatorApp, startApp } from '../../system/apps.ts';

export interface BenchSimulator {
  readonly origin: string;
  /** Returns the answer of `/_sim`. */
  control<Answer>(path: string, init?: RequestInit): Promise<Answer>;
  stop(): Promise<void>;
}

/** Above the ports of `npm start`, so that both can run. */
const firstPort = 8180;

/** Starts a simulated EHR as a separate process. */
export async function startSimulator(folder: string, env: Readonly<Record<string, string>>): Promise<BenchSimulator> {
  const app = await startApp({
    ...simulatorApp(env),
    wantedPort: firstPort,
    inheritedEnv: process.env,
    logFolder: join(folder, 'logs'),
  });
  const origin = app.url;
  return {
    origin,
    async control<Answer>(path: string, init: RequestInit = {}) {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${origin}/_sim${path}`, { headers, ...init });
      if (!response.ok) throw new Error(`the simulator refused ${path}: ${response.status}`);
      return (await response.json()) as Answer;
    },
    stop: () => app.stop(),
  };
}
