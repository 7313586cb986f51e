import { Router } from 'express';
import { capabilityStatement } from '../capability/capability-statement.ts';
import { smartConfiguration } from '../capability/smart-configuration.ts';
import { endpoint } from '../http/endpoint.ts';
import type { Simulator } from '../simulator.ts';

/** `metadata` and `.well-known/smart-configuration`: open to everybody. */
export function discoveryRoute(simulator: Simulator): Router {
  const router = Router();
  const metadata = () => ({
    status: 200,
    headers: { 'content-type': 'application/fhir+json' },
    document: capabilityStatement(simulator),
  });
  const smart = () => ({ status: 200, headers: {}, document: smartConfiguration(simulator.baseUrl()) });
  router.get('/fhir/r4/metadata', endpoint({ simulator, auth: 'none', handle: metadata }));
  router.get('/fhir/r4/.well-known/smart-configuration', endpoint({ simulator, auth: 'none', handle: smart }));
  return router;
}
