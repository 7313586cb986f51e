import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The absolute path of the first executable file called `command` on PATH; an absolute path is checked and given back. */
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
    // Not there, or not ours to run: both mean "no".
    return false;
  }
}
