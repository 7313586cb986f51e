import { noTracing, type Tracing } from './tracing.ts';

/**
 * Tracing to an OpenTelemetry collector, where there is one. OpenTelemetry's SDK is loaded only then.
 * @param options.endpoint of OTLP over HTTP, without `/v1/traces`.
 */
export async function startTracing(options: {
  /** The service's name in traces. */
  readonly name: string;
  readonly endpoint: string | undefined;
  /** Of the traces that begin here, how many are recorded: 0 to 1. */
  readonly ratio?: number;
}): Promise<Tracing> {
  const { name, endpoint, ratio = 1 } = options;
  if (endpoint === undefined) return noTracing;
  const { createOpenTelemetry } = await import('./open-telemetry.ts');
  return createOpenTelemetry({ name, endpoint, ratio });
}
