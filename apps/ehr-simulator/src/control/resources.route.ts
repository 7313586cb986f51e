import { type Request, Router, text } from 'express';
import { sendReply } from '../http/reply.ts';
import type { ResourceKey } from '../practice/practice.ts';
import type { Simulator } from '../simulator.ts';

/** `/_sim/types`, `/_sim/resources/:type` (the current state, to compare with) and `/_sim/fhir/:type/:id` (changes). */
export function controlResourcesRoute({ practice }: Simulator): Router {
  const router = Router();
  const currentBatches = (type: string) => practice.batches({ type, asOf: practice.sequence });
  router.get('/_sim/types', async (_req, res) => {
    const counts: Record<string, number> = {};
    for (const type of practice.types) {
      counts[type] = 0;
      for await (const { resources } of currentBatches(type)) counts[type] += resources.length;
    }
    res.json(counts);
  });
  router.get('/_sim/resources/:type', (req, res) => {
    const body = (async function* () {
      for await (const { resources } of currentBatches(req.params.type))
        yield Buffer.from(resources.map((resource) => `${resource.text}\n`).join(''));
    })();
    return sendReply({
      req,
      res,
      reply: { status: 200, headers: { 'content-type': 'application/fhir+ndjson' }, body },
    });
  });
  router.put('/_sim/fhir/:type/:id', text({ type: () => true, limit: '32mb' }), async (req, res) => {
    const key = keyOf(req);
    const body = String(req.body);
    const problem = problemOf(key, body);
    if (problem) {
      res.status(400).json({ error: problem });
      return;
    }
    const stored = await practice.put({ ...key, text: body });
    res.type('application/fhir+json').send(stored.text);
  });
  router.delete('/_sim/fhir/:type/:id', async (req, res) => {
    res.sendStatus((await practice.remove(keyOf(req))) ? 204 : 404);
  });
  return router;
}

function problemOf({ type, id }: ResourceKey, body: string): string | undefined {
  try {
    const { resourceType, id: bodyId } = JSON.parse(body);
    return resourceType === type && bodyId === id ? undefined : 'The resource is not the one that the URL names.';
  } catch {
    return 'The body is not valid JSON.';
  }
}

function keyOf(req: Request): ResourceKey {
  return { type: String(req.params.type), id: String(req.params.id) };
}
