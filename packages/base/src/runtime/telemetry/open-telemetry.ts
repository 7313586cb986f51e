import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { withLogContext } from '../logs/logger.ts';
import type { OpenSpan, SpanOptions, Tracing } from './tracing.ts';

/** An unavailable collector must not use up the time that a process has to stop (8 s in all). */
const stopTimeoutMs = 2000;
/** The time limit for one batch and its retries. A collector is near, and batches that it does not accept are dropped. */
const sendTimeoutMs = 2000;
const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, consumer: SpanKind.CONSUMER } as const;

/** Sets nothing global, so that a process can have several of these. The active span is kept here. */
export function createOpenTelemetry(options: {
  readonly name: string;
  readonly endpoint: string;
  readonly ratio: number;
}): Tracing {
  const { name, endpoint, ratio } = options;
  const exporter = new OTLPTraceExporter({
    url: `${endpoint.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: sendTimeoutMs,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': name }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) }),
    spanProcessors: [new BatchSpanProcessor({ exporter })],
  });
  const tracer = provider.getTracer('bulkhead');
  const active = new AsyncLocalStorage<Span>();

  const start = ({ name: spanName, kind, attributes = {}, parent, link }: SpanOptions): Span => {
    const linked = link === undefined ? undefined : parseTraceparent(link);
    const here = active.getStore();
    const around = here && link === undefined ? trace.setSpan(ROOT_CONTEXT, here) : ROOT_CONTEXT;
    return tracer.startSpan(
      spanName,
      { kind: kinds[kind], attributes, links: linked ? [{ context: linked }] : [] },
      parent === undefined ? around : contextOf(parent),
    );
  };
  return {
    isOn: true,
    async span(spanOptions, work) {
      const span = start(spanOptions);
      const { traceId } = span.spanContext();
      const open = toOpenSpan(span);
      try {
        const result = await active.run(span, () => withLogContext({ traceId }, () => work(open)));
        open.end();
        return result;
      } catch (error) {
        open.end(codeOf(error));
        throw error;
      }
    },
    begin: (spanOptions) => toOpenSpan(start(spanOptions)),
    traceparent: () => formatTraceparent(active.getStore()),
    async stop() {
      const timer = new AbortController();
      await Promise.race([provider.shutdown(), delay(stopTimeoutMs, undefined, { signal: timer.signal })]).catch(
        // Spans that could not be sent are lost. Traces are not worth delaying a stop.
        () => undefined,
      );
      timer.abort();
    },
  };
}

function toOpenSpan(span: Span): OpenSpan {
  return {
    set: (attributes) => void span.setAttributes(attributes),
    end(failure) {
      if (failure !== undefined) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
        span.setAttribute('error.type', failure);
      }
      span.end();
    },
  };
}

/** Uses the code instead of the message, because a message may quote its input. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as { readonly code?: unknown };
  return typeof code === 'string' ? code : error.name;
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
function parseTraceparent(text: string) {
  const [, traceId, spanId, flags = '00'] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
}

function contextOf(traceparent: string): Context {
  const parsed = parseTraceparent(traceparent);
  return parsed ? trace.setSpanContext(ROOT_CONTEXT, parsed) : ROOT_CONTEXT;
}

function formatTraceparent(span: Span | undefined): string | undefined {
  if (!span) return undefined;
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}
