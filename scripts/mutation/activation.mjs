/**
 * What the worker and jest's environments, which run in its process, tell each other.
 * @type {{ mutantId: string | undefined, coverage: import('./worker-process.ts').Coverage | undefined }}
 */
export const activation = { mutantId: undefined, coverage: undefined };
