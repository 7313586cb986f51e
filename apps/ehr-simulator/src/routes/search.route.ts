import { type Request, Router } from 'express';
import { endpoint } from '../http/endpoint.ts';
import { OutcomeError } from '../http/outcome.ts';
import type { Reply } from '../http/reply.ts';
import { isInRest } from '../search/is-in-rest.ts';
import { requireMandatoryParameters } from '../search/mandatory-parameters.ts';
import { searchPage } from '../search/search-page.ts';
import { parseSearchParameters, type SearchParameters } from '../search/search-parameters.ts';
import type { Simulator } from '../simulator.ts';

/** `GET /fhir/r4/:type?...`. */
export function searchRoute(simulator: Simulator): Router {
  const router = Router();
  router.get('/fhir/r4/:type', endpoint({ simulator, auth: 'token', handle: (req) => search({ simulator, req }) }));
  return router;
}

async function search({ simulator, req }: { readonly simulator: Simulator; readonly req: Request }): Promise<Reply> {
  const type = String(req.params.type);
  if (!simulator.practice.types.includes(type) || !isInRest({ simulator, type })) {
    throw new OutcomeError({ status: 404, code: 'not-supported', text: `${type} is not supported.` });
  }
  const parameters = parseSearchParameters(req.originalUrl);
  requirePractice({ simulator, parameters });
  requireMandatoryParameters({ type, parameters });
  const document = await searchPage({ simulator, type, parameters });
  return { status: 200, headers: { 'content-type': 'application/fhir+json' }, document };
}

interface RequirePracticeInput {
  readonly simulator: Simulator;
  readonly parameters: SearchParameters;
}

function requirePractice({ simulator: { options }, parameters }: RequirePracticeInput): void {
  const given = parameters.get('ah-practice')?.[0];
  if (given === undefined) {
    throw new OutcomeError({ status: 400, code: 'forbidden', text: 'The parameter ah-practice is required.' });
  }
  if (given.replace(/^Organization\//, '') === `a-1.Practice-${options.practiceId}`) return;
  throw new OutcomeError({ status: 403, code: 'forbidden', text: 'The client has no access to this practice.' });
}
