import { noTracing, type Tracing } from './tracing.ts';

/**
 * Traces to an OpenTelemetry collector if one is configured. OpenTelemetry's SDK is loaded only then.
 * @param options.endpoint the address for OTLP over HTTP, without `/v1/traces`
 */
export async function startTracing(options: {
  /** The service's name in traces. */
  readonly name: string;
  readonly endpoint: string | undefined;
  /** The fraction (0 to 1) of the traces that begin here which is recorded. */
  readonly ratio?: number;
}): Promise<Tracing> {
  const { name, endpoint, ratio = 1 } = options;
  if (endpoint === undefined) return noTracing;
  const { createOpenTelemetry } = await import('./open-telemetry.ts');
  return createOpenTelemetry({ name, endpoint, ratio });
}
