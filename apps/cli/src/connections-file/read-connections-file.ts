import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import leven from 'leven';
import { CliError } from '../exit-codes.ts';
import { parsePrivateKey } from '../read-json-file.ts';
import { type Mistake, maxFileBytes, YamlFile } from './yaml-file.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A mistake, as the API reports it. */
interface Fault {
  readonly path: string;
  readonly message: string;
}

/** A connection of a file, as the API takes it. */
export interface FileEntry extends Fields {
  readonly name: string;
}

export interface ConnectionsFile {
  readonly entries: readonly FileEntry[];
  readonly mistakes: Mistake[];
  /** Adds a mistake that the API has found in an entry. */
  readonly addFault: (name: string, fault: Fault) => void;
  /** The line of the name of an entry. */
  readonly lineOf: (name: string) => number;
}

/** The fields of a file, of its connections, and of their parts. A misspelt one is compared with them. */
export const knownFields = [
  'defaults connections provider environment fhirEndpoint practiceId groupId userId force auth origins aliases webhook schedules cohorts url secret patients',
  'method clientId clientSecret secretBy scope scopeVersion scopeTypes tokenEndpoint audience privateKey kid alg',
  'kind request cron timeZone spread paused exportType resourceTypes cohort includeStandard includeEnhanced includeOthers',
  'includeAppointments includeReferences',
].flatMap((line) => line.split(' '));

/**
 * Reads a file of connections:
 *
 *     defaults:      what all connections have, unless they say otherwise
 *     connections:   by their names
 *
 * @throws CliError if the file is too large
 */
export function readConnectionsFile(file: string, env: NodeJS.ProcessEnv): ConnectionsFile {
  if (statSync(file).size > maxFileBytes)
    throw new CliError(
      'usage',
      `${file} is larger than ${maxFileBytes / 1e6} MB, for which its parser would need 1.5 GB of memory. Divide it into several files.`,
    );
  return toConnectionsFile(readFileSync(file, 'utf8'), { env, folder: dirname(file) });
}

export function toConnectionsFile(
  text: string,
  options: { readonly env: NodeJS.ProcessEnv; readonly folder: string },
): ConnectionsFile {
  const yaml = new YamlFile(text);
  const add = (path: readonly string[], subject: string, fault: Fault) =>
    yaml.addMistake(path, [subject, fault.path, `${fault.message}${hintFor(fault)}`].filter(Boolean).join(' '));
  const addFault: ConnectionsFile['addFault'] = (name, fault) => {
    const parts = fault.path.split('.');
    const isShared = !yaml.has(['connections', name, ...parts]) && yaml.has(['defaults', ...parts]);
    add([...(isShared ? ['defaults'] : ['connections', name]), ...parts], `${name}:`, fault);
  };
  const fieldsAt = (path: readonly string[], value: unknown): Fields => {
    if (value === undefined || isFields(value)) return value ?? {};
    yaml.addMistake(path, `${path.at(-1) ?? 'the file'} must have fields`);
    return {};
  };
  const root = fieldsAt([], yaml.value);
  checkFields(root, ['defaults', 'connections'], (fault) => add([fault.path], '', fault));
  const defaults = fieldsAt(['defaults'], root.defaults);
  const connections = fieldsAt(['connections'], root.connections);
  if (Object.keys(root).length === 0 && yaml.mistakes.length === 0)
    yaml.addMistake([], 'the file has no "connections"');
  const entries = Object.entries(connections).map(([name, value]) => {
    const own = fieldsAt(['connections', name], value);
    if (name !== name.trim()) yaml.addMistake(['connections', name], `"${name}" begins or ends with a space`);
    if ('name' in own) addFault(name, { path: 'name', message: 'is the key of the connection. Remove the field' });
    const entry = merged(defaults, own);
    return { ...withSecrets(entry, { ...options, addFault: (fault) => addFault(name, fault) }), name };
  });
  return {
    entries,
    mistakes: yaml.mistakes,
    addFault,
    lineOf: (name) => yaml.lineOf(['connections', name]),
  };
}

/** What is shared is replaced field by field, and so is `auth`. */
function merged(defaults: Fields, own: Fields): Fields {
  const auth = isFields(defaults.auth) && isFields(own.auth) ? { auth: { ...defaults.auth, ...own.auth } } : {};
  return { ...defaults, ...own, ...auth };
}

interface SecretSource {
  readonly env: NodeJS.ProcessEnv;
  readonly folder: string;
  readonly addFault: (fault: Fault) => void;
}

/** Reads what the file only refers to: secrets, and lists of patients. */
function withSecrets(entry: Fields, source: SecretSource): Fields {
  const { auth, webhook, cohorts } = entry;
  const part = (fields: unknown, path: string, secrets: readonly string[]) =>
    isFields(fields)
      ? mapFields(fields, secrets, (value, field) => readSecret(value, `${path}.${field}`, source))
      : fields;
  const read = {
    auth: withKey(part(auth, 'auth', ['clientSecret', 'privateKey']), source),
    webhook: part(webhook, 'webhook', ['secret']),
    cohorts: isFields(cohorts)
      ? mapFields(cohorts, Object.keys(cohorts), (value, name) => readCohort(value, `cohorts.${name}`, source))
      : cohorts,
  };
  return { ...entry, ...Object.fromEntries(Object.entries(read).filter(([field]) => field in entry)) };
}

function mapFields(fields: Fields, names: readonly string[], map: (value: unknown, name: string) => unknown): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, names.includes(name) ? map(value, name) : value]),
  );
}

/** A secret is never written in the file, because such files are kept where many people can read them. */
function readSecret(value: unknown, path: string, { env, folder, addFault }: SecretSource): string {
  // The API never gets a text that is not the secret, because a mistake is reported before anything is sent.
  const refuse = (message: string) => {
    addFault({ path, message });
    return 'missing';
  };
  const [[kind, name] = [], ...others] = isFields(value) ? Object.entries(value) : [];
  if (others.length > 0 || typeof name !== 'string' || (kind !== 'env' && kind !== 'file'))
    return refuse('must be {env: NAME} or {file: PATH}, because a secret is not written in this file');
  if (kind === 'env') return env[name] || refuse(`is in the environment variable ${name}, which is not set`);
  try {
    return readFileSync(resolve(folder, name), 'utf8').trim() || refuse(`is in ${name}, which is empty`);
  } catch (error) {
    return refuse(`is in ${name}, which cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function withKey(auth: unknown, { addFault }: SecretSource): unknown {
  if (!isFields(auth) || typeof auth.privateKey !== 'string') return auth;
  try {
    return { ...auth, privateKey: parsePrivateKey({ file: 'the key', text: auth.privateKey }) };
  } catch {
    addFault({ path: 'auth.privateKey', message: 'begins as JSON and is not valid JSON' });
    return auth;
  }
}

/** `{file: PATH}` has one id a line. */
function readCohort(value: unknown, path: string, { folder, addFault }: SecretSource): unknown {
  if (!isFields(value) || typeof value.file !== 'string') return value;
  try {
    const { file, ...others } = value;
    const ids = readFileSync(resolve(folder, file), 'utf8')
      .split('\n')
      .map((line) => line.trim());
    return { ...others, patients: ids.filter((id) => id !== '') };
  } catch (error) {
    addFault({
      path,
      message: `are in ${value.file}, which cannot be read (${(error as NodeJS.ErrnoException).code})`,
    });
    return value;
  }
}

function checkFields(fields: Fields, allowed: readonly string[], add: (fault: Fault) => void): void {
  for (const path of Object.keys(fields)) if (!allowed.includes(path)) add({ path, message: unknownField });
}

const unknownField = 'is not a field of this object';

/** What was probably meant. */
function hintFor({ path, message }: Fault): string {
  if (message === 'must be a string') return ': write a number in quotes';
  const field = path.split('.').at(-1) ?? '';
  if (message !== unknownField || field.length > maxSuggestedLength || knownFields.includes(field)) return '';
  const distances = knownFields.map((name) => ({
    name,
    distance: leven(field.toLowerCase(), name.toLowerCase()),
  }));
  const [best] = distances.toSorted((left, right) => left.distance - right.distance);
  return best && best.distance <= Math.max(1, field.length / 3) ? `. Did you mean ${best.name}?` : '';
}

/** Twice the longest name of a field. */
const maxSuggestedLength = 40;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
