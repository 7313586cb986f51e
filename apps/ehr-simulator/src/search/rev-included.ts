import { OutcomeError } from '../http/outcome.ts';
import { parseExact } from '../practice/exact-json.ts';
import type { Simulator } from '../simulator.ts';
import type { FoundResource } from './found-resource.ts';
import type { SearchParameters } from './search-parameters.ts';

/**
 * What points at the patients of a page, by `_revinclude=Type:patient`.
 * @throws OutcomeError 400 for one that the CapabilityStatement does not declare.
 */
export async function revIncluded(options: {
  readonly simulator: Simulator;
  readonly patients: readonly FoundResource[];
  readonly parameters: SearchParameters;
}): Promise<FoundResource[]> {
  const { simulator, patients, parameters } = options;
  const wanted = parameters.get('_revinclude') ?? [];
  const unknown = wanted.find((value) => !simulator.options.patientRevIncludes.includes(value));
  if (unknown !== undefined) {
    throw new OutcomeError({ status: 400, code: 'not-supported', text: `_revinclude=${unknown} is not supported.` });
  }
  const found: FoundResource[] = [];
  for (const value of wanted) {
    const [type = ''] = value.split(':');
    for (const { id } of patients) {
      const resources = await simulator.practice.ofPatient({ type, patientId: id });
      found.push(...resources.map(({ text }) => parseExact(text) as FoundResource));
    }
  }
  return found.slice(0, simulator.options.revIncludeLimit);
}
