import { type Request, type Response, Router, text } from 'express';
import { sendReply } from '../http/reply.ts';
import type { ResourceKey } from '../practice/practice.ts';
import type { Simulator } from '../simulator.ts';

/** `/_sim/types`, `/_sim/resources/:type` (the current state, to compare with) and `/_sim/fhir/:type/:id` (changes). */
export function controlResourcesRoute(simulator: Simulator): Router {
  const router = Router();
  router.get('/_sim/types', (_req, res) => types({ simulator, res }));
  router.get('/_sim/resources/:type', (req, res) => sendReply({ req, res, reply: currentState({ simulator, req }) }));
  router.put('/_sim/fhir/:type/:id', text({ type: () => true, limit: '32mb' }), (req, res) =>
    put({ simulator, req, res }),
  );
  router.delete('/_sim/fhir/:type/:id', async (req, res) => {
    res.sendStatus((await simulator.practice.remove(keyOf(req))) ? 204 : 404);
  });
  return router;
}

interface ControlInput {
  readonly simulator: Simulator;
  readonly req: Request;
  readonly res: Response;
}

async function types({ simulator: { practice }, res }: Pick<ControlInput, 'simulator' | 'res'>): Promise<void> {
  const counts: Record<string, number> = {};
  for (const type of practice.types) {
    let count = 0;
    for await (const { resources } of practice.batches({ type, asOf: practice.sequence })) count += resources.length;
    counts[type] = count;
  }
  res.json(counts);
}

function currentState({ simulator: { practice }, req }: Pick<ControlInput, 'simulator' | 'req'>) {
  const batches = practice.batches({ type: String(req.params.type), asOf: practice.sequence });
  const body = (async function* () {
    for await (const { resources } of batches)
      yield Buffer.from(resources.map((resource) => `${resource.text}\n`).join(''));
  })();
  return { status: 200, headers: { 'content-type': 'application/fhir+ndjson' }, body };
}

async function put({ simulator, req, res }: ControlInput): Promise<void> {
  const key = keyOf(req);
  const problem = problemOf({ ...key, body: String(req.body) });
  if (problem) {
    res.status(400).json({ error: problem });
    return;
  }
  const stored = await simulator.practice.put({ ...key, text: String(req.body) });
  res.type('application/fhir+json').send(stored.text);
}

function problemOf({ type, id, body }: ResourceKey & { readonly body: string }): string | undefined {
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
