import { z } from 'zod';
import { type SimulatorOptions, simulatorOptionsSchema } from './options.ts';

/** The options that are looked at for every request, and so can change while the simulator runs. */
const changeable = [
  'exportSeconds',
  'retryAfterSeconds',
  'resourcesPerFile',
  'requiresAccessToken',
  'separateFileHost',
  'fileExpirySeconds',
  'expiredFileStatus',
  'oneExportAtATime',
  'exportLevels',
  'unsupportedParameters',
  'restTypes',
  'patientRevIncludes',
  'revIncludeLimit',
  'jwksUrl',
  'jwksCacheSeconds',
  'enforceScopes',
  'asksUser',
  'tokenSeconds',
  'tokensPerMinute',
  'rateLimit',
  'strictAccept',
] as const satisfies readonly (keyof SimulatorOptions)[];

/** Changes the options of a running simulator, in the very object that all its parts read. */
export class RuntimeOptions {
  private readonly options: SimulatorOptions;
  private readonly initial: SimulatorOptions;

  constructor(options: SimulatorOptions) {
    this.options = options;
    this.initial = { ...options };
  }

  values(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(changeable.map((name) => [name, this.options[name] ?? null]));
  }

  /** null gives an option its default again. @throws Error that says which options cannot be changed or are wrong. */
  change(patch: Readonly<Record<string, unknown>>): void {
    const names: readonly string[] = changeable;
    const fixed = Object.keys(patch).filter((name) => !names.includes(name));
    if (fixed.length > 0) throw new Error(`Not to be changed while it runs: ${fixed.join(', ')}.`);
    const given = Object.entries({ ...this.options, ...patch }).filter(([, value]) => value !== null);
    const checked = simulatorOptionsSchema.safeParse(Object.fromEntries(given));
    if (!checked.success) throw new Error(z.prettifyError(checked.error));
    this.assign(checked.data);
  }

  /** As it was at the start. */
  reset(): void {
    this.assign(this.initial);
  }

  private assign(options: SimulatorOptions): void {
    Object.assign(
      this.options,
      { fileExpirySeconds: undefined, jwksUrl: undefined, revIncludeLimit: undefined, restTypes: undefined },
      options,
    );
  }
}
