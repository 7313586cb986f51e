import { startScriptedServer } from '@bulkhead/embedded/scripted-server';

const line = (id: number) =>
  `${JSON.stringify({ resourceType: 'Patient', id: `p-${id}`, meta: { versionId: '1' } })}\n`;

/** An EHR whose exports never end, and whose files have two lines. */
export async function serveStatuses(retryAfterSeconds: number) {
  const lastAt = new Map<string, number>();
  let counts = { polls: 0, downloads: 0, gapsMs: [] as number[] };
  const { url: origin, stop } = await startScriptedServer(({ path }) => {
    if (!path.includes('/bulkstatus/')) {
      counts.downloads += 1;
      return line(1) + line(2);
    }
    const now = performance.now();
    const last = lastAt.get(path);
    if (last !== undefined) counts.gapsMs.push(now - last);
    lastAt.set(path, now);
    counts.polls += 1;
    return { status: 202, headers: { 'retry-after': String(retryAfterSeconds), 'x-progress': 'exporting' } };
  });
  return {
    origin,
    [Symbol.asyncDispose]: stop,
    /**
     * Returns the numbers of polls and downloads since the last call, and the time between each poll and the previous
     * one.
     */
    take() {
      const counted = counts;
      counts = { polls: 0, downloads: 0, gapsMs: [] };
      return counted;
    },
  };
}
