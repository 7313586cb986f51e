/**
 * Values that the worker and jest's environments, which run in its process, exchange.
 *
 * @type {{ mutantId: string | undefined, hitLimit: number | undefined, coverage: import('./worker-process.ts').Coverage
 * | undefined }}
 */
export const activation = { mutantId: undefined, hitLimit: undefined, coverage: undefined };
