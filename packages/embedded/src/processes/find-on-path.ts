import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The absolute path of the first executable file on PATH with this name. An absolute path is checked and returned. */
export function findOnPath({ command, env }: { command: string; env: NodeJS.ProcessEnv }): string | undefined {
  if (command.includes('/')) return isExecutableFile(command) ? command : undefined;
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, command)).find(isExecutableFile);
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // The file does not exist, or this user may not execute it.
    return false;
  }
}
