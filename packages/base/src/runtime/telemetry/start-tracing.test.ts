import { spawnSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { startTracing } from './start-tracing.ts';
import { noTracing, traceCommands } from './tracing.ts';

const index = pathToFileURL(`${import.meta.dirname}/../index.ts`).href;

/** Starts tracing in a new process. @returns the modules of OpenTelemetry's SDK that the process loaded */
function loadedBy(endpoint: string | undefined): readonly string[] {
  const program = `
    import { registerHooks } from 'node:module';
    const loaded = new Set();
    registerHooks({ load(url, context, next) { loaded.add(url); return next(url, context); } });
    const { startTracing } = await import(${JSON.stringify(index)});
    const tracing = await startTracing({ name: 'x', endpoint: ${JSON.stringify(endpoint)} });
    await tracing.stop();
    const sdk = [...loaded].filter((url) => /@opentelemetry\\/(sdk|exporter|otlp|resources)/.test(url));
    console.log(JSON.stringify(sdk));
  `;
  const args = ['--input-type=module', '--eval', program];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

test('without a collector, work runs and nothing is recorded', async () => {
  const tracing = await startTracing({ name: 'x', endpoint: undefined });
  expect(tracing).toBe(noTracing);
  const result = await tracing.span({ name: 'job', kind: 'consumer' }, async (span) => {
    span.set({ a: 1 });
    return tracing.traceparent() ?? 'none';
  });
  expect(result).toBe('none');
  // The MongoDB driver is not even asked to report its commands.
  expect(traceCommands(tracing)).toBeUndefined();
});

test('OpenTelemetry’s SDK is loaded only if a collector is set', () => {
  expect(loadedBy(undefined)).toEqual([]);
  expect(loadedBy('http://127.0.0.1:1').length).toBeGreaterThan(0);
});

test('an unavailable collector neither disturbs work nor delays a stop', async () => {
  const tracing = await startTracing({ name: 'x', endpoint: 'http://127.0.0.1:1/' });
  const failing = tracing.span({ name: 'job', kind: 'consumer' }, async () => {
    throw new Error('of the work');
  });
  await expect(failing).rejects.toThrow('of the work');
  const stopped = await Promise.race([
    tracing.stop().then(() => true),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 8000).unref()),
  ]);
  expect(stopped).toBe(true);
});

test('spans are nested and continue the trace of another process', async () => {
  const tracing = await startTracing({ name: 'x', endpoint: 'http://127.0.0.1:1' });
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const idsOf = (traceparent: string | undefined) => traceparent?.split('-').slice(1, 3) ?? [];
  expect(tracing.traceparent()).toBeUndefined();
  const parent = `00-${traceId}-00f067aa0ba902b7-01`;
  await tracing.span({ name: 'outer', kind: 'server', parent }, async () => {
    const outer = idsOf(tracing.traceparent());
    expect(outer[0]).toBe(traceId);
    await tracing.span({ name: 'inner', kind: 'client' }, async () => {
      const inner = idsOf(tracing.traceparent());
      expect([inner[0], inner[1] === outer[1]]).toEqual([traceId, false]);
    });
    expect(idsOf(tracing.traceparent())).toEqual(outer);
    await tracing.span({ name: 'linked', kind: 'consumer', link: parent }, async () => {
      expect(idsOf(tracing.traceparent())[0]).not.toBe(traceId);
    });
  });
  // Text that is not a traceparent is ignored, and a new trace begins.
  await tracing.span({ name: 'outer', kind: 'server', parent: 'planted' }, async () => {
    expect(idsOf(tracing.traceparent())[0]).toMatch(/^[0-9a-f]{32}$/);
  });
  await tracing.stop();
});
