import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

const file = join(import.meta.dirname, '../../docker/kubernetes/components/backup/backup.yaml');

/** Returns the command of the CronJob `backup`, with the folder in place of its volume. */
export function backupCommand(folder: string): { readonly command: string; readonly args: readonly string[] } {
  const objects = parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS());
  const { spec } = objects.find(({ kind }) => kind === 'CronJob');
  const [command, ...args] = spec.jobTemplate.spec.template.spec.containers[0].command as [string, ...string[]];
  return { command, args: args.map((arg) => arg.replaceAll('/backup/', `${folder}/`)) };
}
