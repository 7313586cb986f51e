import type { SimulatorOptions } from '../options/options.ts';

/** An order as `POST /_sim/orders` takes it. It is validated when the scenario is ordered. */
export interface ScenarioOrder {
  readonly match?: { readonly method?: string; readonly path?: string; readonly type?: string };
  readonly fault: { readonly kind: string; readonly [field: string]: unknown };
  readonly times?: number | 'always';
  readonly after?: number;
}

/** A named list of orders: a situation for a client that one request orders. */
export interface Scenario {
  readonly name: string;
  /** One sentence about what the client sees. */
  readonly description: string;
  readonly orders: readonly ScenarioOrder[];
}

/** The requests that the orders of scenarios match. */
export const matches = {
  kickOff: { path: '\\$export$' },
  /** Excludes DELETE. */
  status: { method: 'GET', path: '/bulkstatus/' },
  delete: { method: 'DELETE', path: '/bulkstatus/' },
  files: { path: '/bulkdata/' },
  /** Patient, because every export has this type. */
  patients: { path: '/bulkdata/', type: 'Patient' },
  errorFiles: { path: '/bulkerrors/' },
} as const;

/** An order that changes settings. */
export function settings(set: Partial<SimulatorOptions>): ScenarioOrder {
  return { fault: { kind: 'settings', set } };
}

/** An order that adds a resource to the practice. */
export function resource(text: string): ScenarioOrder {
  return { fault: { kind: 'resource', text } };
}

/** An order for every request that matches. */
export function always(match: NonNullable<ScenarioOrder['match']>, fault: ScenarioOrder['fault']): ScenarioOrder {
  return { match, fault, times: 'always' };
}

export function operationOutcome({ code, text }: { readonly code: string; readonly text: string }) {
  return { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code, details: { text } }] };
}
