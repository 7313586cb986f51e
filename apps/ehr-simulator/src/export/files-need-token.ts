import type { SimulatorOptions } from '../options.ts';

/** A store on another origin is reached by signed links: a token sent there would be a leak. */
export function filesNeedToken({ requiresAccessToken, separateFileHost }: SimulatorOptions): boolean {
  return requiresAccessToken && !separateFileHost;
}
