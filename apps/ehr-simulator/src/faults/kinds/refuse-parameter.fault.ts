import { z } from 'zod';
import { givenParameters } from '../../export/kick-off-parameters.ts';
import { defineFault } from '../define-fault.ts';

/**
 * A kick-off with this parameter, or with this `value` of it, is refused; one without is not. The OperationOutcome names
 * it where `namedIn` says.
 */
export const refuseParameterFault = defineFault({
  kind: 'refuse-parameter',
  fields: {
    parameter: z.string(),
    value: z.string().optional(),
    status: z.int().min(400).max(599).default(400),
    code: z.string().default('not-supported'),
    namedIn: z.enum(['details', 'diagnostics', 'expression', 'nowhere']).default('details'),
  },
  create: ({ parameter, value, status, code, namedIn }) => ({
    before: async ({ req }) => {
      const isRefused = givenParameters(req).some(
        ([name, given]) => name === parameter && (value === undefined || given.split(',').includes(value)),
      );
      if (!isRefused) return undefined;
      const text = `${value ?? 'The parameter'} is not supported: ${parameter}${value ? `=${value}` : ''}.`;
      const naming = {
        details: { details: { text } },
        diagnostics: { diagnostics: text },
        expression: { expression: [parameter] },
        nowhere: { details: { text: 'The request cannot be met.' } },
      }[namedIn];
      const document = { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, ...naming }] };
      return { status, headers: { 'content-type': 'application/fhir+json' }, document };
    },
  }),
});
