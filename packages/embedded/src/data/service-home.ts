import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Where one service has its things. */
export interface ServiceHome {
  /** Kept over restarts: durable writes. Otherwise thrown away: fast ones. */
  readonly kept: boolean;
  readonly dataFolder: string;
  readonly engineFile: string;
  readonly logFile: string;
  readonly processFile: string;
}

export async function openServiceHome({ folder, kept }: { folder: string; kept: boolean }): Promise<ServiceHome> {
  const dataFolder = join(folder, 'data');
  await mkdir(dataFolder, { recursive: true });
  return {
    kept,
    dataFolder,
    engineFile: join(folder, 'engine.json'),
    logFile: join(folder, 'server.log'),
    processFile: join(folder, 'process.json'),
  };
}
