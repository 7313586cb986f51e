import { parseExact } from '../practice/exact-json.ts';
import type { Practice } from '../practice/practice.ts';
import { matchesParameter } from './matches-parameter.ts';
import type { SearchParameters } from './search-parameters.ts';

export interface FindMatchesInput {
  readonly practice: Practice;
  readonly type: string;
  readonly parameters: SearchParameters;
}

/** Control parameters: they do not narrow a search. */
const control = new Set(['_count', '_cursor', 'ah-practice', '_sort', '_format', '_revinclude']);

/** The resources that a search finds, in a fixed order, with the text of their numbers. */
export async function* findMatches({ practice, type, parameters }: FindMatchesInput): AsyncGenerator<unknown> {
  const conditions = [...parameters].filter(([name]) => !control.has(name));
  for await (const texts of candidates({ practice, type, parameters })) {
    for (const text of texts) {
      const resource = parseExact(text) as Record<string, unknown>;
      const isMatch = conditions.every(([name, values]) =>
        values.every((value) => matchesParameter({ resource, name, value })),
      );
      if (isMatch) yield resource;
    }
  }
}

/** By id and by patient directly; only a search by name or encounter goes through the whole type. */
async function* candidates({ practice, type, parameters }: FindMatchesInput): AsyncGenerator<string[]> {
  const ids = parameters.get('_id')?.flatMap((value) => value.split(','));
  const patient = parameters.get('patient')?.[0];
  if (ids) {
    for (const id of new Set(ids)) yield [(await practice.read({ type, id }))?.text ?? []].flat();
  } else if (patient) {
    for (const id of patient.split(',')) {
      const found = await practice.ofPatient({ type, patientId: id.replace(/^Patient\//, '') });
      yield found.map(({ text }) => text);
    }
  } else {
    for await (const { resources } of practice.batches({ type, asOf: practice.sequence }))
      yield resources.map(({ text }) => text);
  }
}
