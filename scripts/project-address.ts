import { readFileSync } from 'node:fs';

/** The address of the project, such as `https://github.com/owner/bulkhead`. Only package.json has it, and only after the project got one. */
export function projectAddress(): string | undefined {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).repository;
}
