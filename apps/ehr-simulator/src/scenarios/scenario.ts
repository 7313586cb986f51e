import type { SimulatorOptions } from '../options/options.ts';

/** The input of an order, as `POST /_sim/faults` takes it; it is checked when it is ordered. */
export interface ScenarioOrder {
  readonly match?: { readonly method?: string; readonly path?: string; readonly type?: string };
  readonly fault: { readonly kind: string; readonly [field: string]: unknown };
  readonly times?: number | 'always';
  readonly after?: number;
}

/** Something that can happen to a client, orderable in one call. */
export interface Scenario {
  readonly name: string;
  /** One sentence: what the client sees. The README repeats it. */
  readonly description: string;
  /** See `RuntimeOptions`. */
  readonly options?: Partial<SimulatorOptions>;
  readonly orders?: readonly ScenarioOrder[];
  /** Resources that the practice has from now on, as JSON text: numbers are kept to the digit. */
  readonly resources?: readonly string[];
}

/** Which requests the orders of scenarios are about. */
export const matches = {
  kickOff: { path: '\\$export$' },
  /** Not DELETE. */
  status: { method: 'GET', path: '/bulkstatus/' },
  delete: { method: 'DELETE', path: '/bulkstatus/' },
  files: { path: '/bulkdata/' },
  /** Of a type that every export has. */
  patients: { path: '/bulkdata/', type: 'Patient' },
  errorFiles: { path: '/bulkerrors/' },
} as const;

interface OperationOutcomeInput {
  readonly code: string;
  readonly text: string;
}

export function operationOutcome({ code, text }: OperationOutcomeInput) {
  return { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, details: { text } }] };
}
