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

/** The API has the same limits. A longer list is refused before it is sent, because the API does not read it to its end. */
const limits = { run: 1000, cohort: 10_000 };

/** The patients of a request. @throws CliError if they are too many */
export function patientsFor(
  lists: Parameters<typeof listPatients>[0],
  { of }: { readonly of: keyof typeof limits },
): string[] | undefined {
  const ids = listPatients(lists);
  if (ids === undefined || ids.length <= limits[of]) return ids;
  const advice = of === 'run' ? 'Store the list with "bulkhead cohorts set".' : 'Use several cohorts.';
  throw new CliError('usage', `The list names ${ids.length} patients, and a ${of} can name ${limits[of]}. ${advice}`);
}
