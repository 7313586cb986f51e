import { answerOf } from '@bulkhead/client';
import { client } from '../api/api.ts';
import type { QuarantinedLine } from '../api/records.ts';

/** @param options.corrected undefined: as it is */
export async function replayLine(options: {
  readonly id: string;
  readonly corrected: string | undefined;
}): Promise<QuarantinedLine> {
  const { id, corrected } = options;
  const answer = await client.POST('/api/ehr/quarantine/{id}/replay', {
    params: { path: { id } },
    // The text itself: as an object its numbers would lose the text that they are written with.
    ...(corrected === undefined
      ? {}
      : { body: corrected, bodySerializer: String, headers: { 'content-type': 'application/fhir+json' } }),
  });
  return answerOf(answer).data;
}
