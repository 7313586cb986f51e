import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestSystem } from '../test-system/start-test-system.ts';

/** Returns the logs of the API and the workers of a system in `folder`. */
export function readLogs(folder: string): string {
  const files = readdirSync(join(folder, 'logs')).filter((name) => /^(api|worker)/.test(name));
  return files.map((name) => readFileSync(join(folder, 'logs', name), 'utf8')).join('\n');
}

/** Returns the metrics of every process that serves them. */
export async function readMetrics({ baseUrl, workerUrls, apiKey }: TestSystem): Promise<string> {
  const headers = { authorization: `Bearer ${apiKey}` };
  const answers = await Promise.all([baseUrl, ...workerUrls].map((url) => fetch(`${url}/metrics`, { headers })));
  return (await Promise.all(answers.map((answer) => answer.text()))).join('\n');
}
