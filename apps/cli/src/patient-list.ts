import { readFileSync } from 'node:fs';
import { CliError } from './exit-codes.ts';
import { option } from './option.ts';

/** The options of a list of patients. */
export const patientOptions = {
  patients: option.list('<ids>', 'comma-separated ids of the only patients'),
  patientsFile: option.text('<file>', 'a file with the ids of the only patients, one a line, instead of --patients'),
};

/** @returns each patient once, or undefined if none of the options was given. @throws CliError */
export function listPatients(options: {
  readonly patients?: string[] | undefined;
  readonly patientsFile?: string | undefined;
}): string[] | undefined {
  const { patients, patientsFile: file } = options;
  if (file === undefined) return patients;
  if (patients !== undefined) throw new CliError('usage', 'Give either --patients or --patients-file, not both.');
  const ids = readFileSync(file, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  if (ids.length === 0) throw new CliError('usage', `${file} lists no patients. Write one id on each line.`);
  return [...new Set(ids)];
}

/** A request has at most 100 kB. The API has the same limit. */
const patientsOfRequest = 1000;

/** The patients of one request. @throws CliError if they are too many */
export function patientsFor(options: Parameters<typeof listPatients>[0]): string[] | undefined {
  const ids = listPatients(options);
  if (ids === undefined || ids.length <= patientsOfRequest) return ids;
  throw new CliError(
    'usage',
    `The list names ${ids.length} patients, and a request can name ${patientsOfRequest}. Split the list into several requests.`,
  );
}
