import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { ServiceHome } from './service-home.ts';

/** Which engine wrote the data that is there; undefined while there is none. */
export async function readEngineMarker({ dataFolder, engineFile }: ServiceHome): Promise<string | undefined> {
  // A marker without data is what a killed first start leaves behind: it binds nobody.
  if ((await readdir(dataFolder)).length === 0) return undefined;
  try {
    return (JSON.parse(await readFile(engineFile, 'utf8')) as { engine: string }).engine;
  } catch {
    return 'an unknown engine';
  }
}

export async function writeEngineMarker({ home, engine }: { home: ServiceHome; engine: string }): Promise<void> {
  await writeFile(home.engineFile, `${JSON.stringify({ engine })}\n`);
}

/** A first start that failed leaves half a database: the next route must find an empty folder. */
export async function clearData({ dataFolder, engineFile }: ServiceHome): Promise<void> {
  await rm(dataFolder, { recursive: true, force: true });
  await rm(engineFile, { force: true });
  await mkdir(dataFolder, { recursive: true });
}
