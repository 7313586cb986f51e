import { scopeCovers } from '@bulkhead/fhir';
import { type ExportLevel, exportLevels, preferencesOf } from '@bulkhead/fhir/bulk-server';
import { type RequestHandler, Router, text } from 'express';
import { endpoint, exchangeOf, type HandleInput } from '../endpoint.ts';
import { OutcomeError } from '../http/outcome.ts';
import type { Reply } from '../http/reply.ts';
import type { Simulator } from '../simulator.ts';
import { checkAccept } from './check-accept.ts';
import { checkedParameters } from './kick-off-parameters.ts';

const paths: Readonly<Record<ExportLevel, string>> = {
  system: '/fhir/r4/$export',
  patient: '/fhir/r4/Patient/$export',
  group: '/fhir/r4/Group/:groupId/:operation',
};

/** Servers cannot know when a running export will end. A short wait keeps tests short. */
const busyRetryAfterSeconds = '1';

/** `$export` by GET and by POST, on the levels that are switched on. */
export function bulkKickOffRoute(simulator: Simulator): Router {
  const router = Router();
  for (const level of exportLevels) {
    const handle = (input: HandleInput) => kickOff({ ...input, level });
    const kickOffEndpoint = endpoint({ simulator, auth: 'token', handle });
    const onlyIfOn: RequestHandler = (req, _res, next) => {
      const { exportLevels, groupOperation } = simulator.options;
      const isOperation = level !== 'group' || req.params.operation === `$${groupOperation}`;
      next(exportLevels.includes(level) && isOperation ? undefined : 'route');
    };
    router.get(paths[level], onlyIfOn, kickOffEndpoint);
    router.post(paths[level], onlyIfOn, text({ type: () => true, limit: '1mb' }), kickOffEndpoint);
  }
  return router;
}

async function kickOff(input: HandleInput & { readonly level: ExportLevel }): Promise<Reply> {
  const { isLenient } = checkHeaders(input);
  const { simulator, req, res, level } = input;
  if (simulator.options.refusesPost && req.method === 'POST')
    throw new OutcomeError({ status: 405, code: 'not-supported', text: 'POST is not supported.' });
  const { groupId } = req.params;
  const { groupCase, practiceId, groupId: onlyGroup = `a-1.${groupCase}-${practiceId}` } = simulator.options;
  const { madeGroups } = simulator.options;
  const members = madeGroups && simulator.madeGroups.get(String(groupId));
  if (groupId !== undefined && (madeGroups ? !members : groupId !== onlyGroup)) {
    throw new OutcomeError({ status: 404, code: 'not-found', text: `Group/${groupId} is not known.` });
  }
  const parameters = checkedParameters(req, { ...simulator, level, isLenient, members });
  if (simulator.options.exactScopes) checkScopes(input, parameters.types);
  else if (simulator.options.auth && simulator.options.exportsWithinScopes) checkCovered(input, parameters.types);
  if (simulator.options.oneExportAtATime && simulator.exports.isBusy()) {
    const headers = { 'retry-after': busyRetryAfterSeconds };
    throw new OutcomeError({ status: 429, code: 'throttled', text: 'An export is already in progress.', headers });
  }
  const { maxActiveExports = Number.POSITIVE_INFINITY } = simulator.options;
  if (simulator.exports.activeCount >= maxActiveExports) {
    const text = 'Too many active exports. Please try again later.';
    throw new OutcomeError({ status: 429, code: 'throttled', text });
  }
  const request = simulator.baseUrl() + req.originalUrl;
  const changes = exchangeOf(res).faults.flatMap(({ changeExport }) => changeExport ?? []);
  for (const { begin } of changes) await begin?.(simulator.practice);
  const { id } = simulator.exports.kickOff({ request, level, changes, ...parameters });
  return { status: 202, headers: { 'content-location': `${simulator.linkEndpoint()}/bulkstatus/${id}` } };
}

/**
 * The rule of athenahealth, as a production client reports it (2026-12-01): the token covers each exported type, or there is no export.
 * @throws OutcomeError 401 in athenahealth's words
 */
function checkCovered({ simulator, req }: HandleInput, types: readonly string[]): void {
  const token = /^Bearer (.+)$/i.exec(req.get('authorization') ?? '')?.[1] ?? '';
  const scope = simulator.tokens.scopeOf(token) ?? '';
  // Without a list everything is exported, which only a wildcard covers.
  const exported = types.length > 0 ? types : ['*'];
  if (exported.every((resourceType) => scopeCovers({ scope, resourceType }))) return;
  const text = 'Must have scopes allowing read+search for each resource being exported';
  throw new OutcomeError({ status: 401, code: 'login', text });
}

/** @throws OutcomeError 403 if the token has the scopes of other types than those of the export and Group */
function checkScopes({ simulator, req }: HandleInput, types: readonly string[]): void {
  const token = /^Bearer (.+)$/.exec(req.get('authorization') ?? '')?.[1] ?? '';
  const listed = [...(simulator.tokens.scopeOf(token) ?? '').matchAll(/system\/([A-Za-z*]+)\./g)].map(
    ([, type]) => type,
  );
  if (String(listed.toSorted()) === String([...new Set([...types, 'Group'])].toSorted())) return;
  throw new OutcomeError({ status: 403, code: 'forbidden', text: 'The scopes must be those of the exported types.' });
}

/** `handling=lenient` (RFC 7240) asks to ignore parameters that the server does not support. */
function checkHeaders(input: HandleInput): { readonly isLenient: boolean } {
  const { simulator, req } = input;
  const { isAsync, isLenient } = preferencesOf(req.get('prefer'));
  if (!isAsync) {
    simulator.traffic.recordViolation({ req, kind: 'headers', reason: 'kick-off without Prefer: respond-async' });
    throw new OutcomeError({ status: 400, code: 'invalid', text: 'The Prefer header must contain respond-async.' });
  }
  checkAccept(input, 'kick-off');
  if (isLenient && simulator.options.refusesLenient)
    throw new OutcomeError({ status: 400, code: 'invalid', text: 'The Prefer header must be respond-async.' });
  return { isLenient };
}
