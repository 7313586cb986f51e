import { startScriptedServer } from '@bulkhead/testing';

export type ReceivedSpan = ReturnType<typeof readSpans>[number];

interface OtlpSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly attributes?: readonly OtlpAttribute[];
  readonly links?: readonly { readonly traceId: string }[];
  readonly status?: { readonly message?: string };
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface OtlpRequest {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

/** Replaces the collector of OpenTelemetry. It accepts OTLP over HTTP as JSON (https://opentelemetry.io/docs/specs/otlp). */
export async function startCollector() {
  const bodies: string[] = [];
  const spans: ReceivedSpan[] = [];
  const { url: endpoint, stop } = await startScriptedServer({
    '/v1/traces': ({ body }) => {
      bodies.push(body);
      spans.push(...readSpans(JSON.parse(body)));
      return { body: {} };
    },
  });
  return {
    endpoint,
    stop,
    spans,
    /** All request bodies as received. */
    text: () => bodies.join('\n'),
  };
}

function readSpans({ resourceSpans }: OtlpRequest) {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans
      .flatMap((scope) => scope.spans)
      .map(({ name, traceId, spanId, parentSpanId = '', attributes = [], links = [], status }) => ({
        service: String(toRecord(resource.attributes)['service.name']),
        name,
        traceId,
        spanId,
        parentSpanId,
        linkedTraceIds: links.map((link) => link.traceId),
        attributes: toRecord(attributes),
        /** The error code, if the span failed. */
        failure: status?.message,
      })),
  );
}

function toRecord(attributes: readonly OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
