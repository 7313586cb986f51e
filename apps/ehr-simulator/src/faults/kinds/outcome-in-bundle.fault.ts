import { defineFault } from '../define-fault.ts';

/** 200 with a Bundle that holds nothing but an OperationOutcome: "no data" to who does not look. */
export const outcomeInBundleFault = defineFault({
  kind: 'outcome-in-bundle',
  fields: {},
  create: () => {
    const issue = [{ severity: 'error', code: 'processing', details: { text: 'The chart could not be read.' } }];
    const entry = [{ resource: { resourceType: 'OperationOutcome', issue }, search: { mode: 'outcome' } }];
    const document = { resourceType: 'Bundle', type: 'searchset', total: 0, entry };
    return { before: async () => ({ status: 200, headers: { 'content-type': 'application/fhir+json' }, document }) };
  },
});
