import { AppError } from '@bulkhead/base';
import {
  EhrHttpError,
  type EhrSession,
  readCapabilities,
  readSearchPage,
  resourceAnswer,
  searchUrl,
} from '@bulkhead/ehr';
import type { Capabilities } from '@bulkhead/ehr/providers';
import { scopeCovers } from '@bulkhead/fhir';

/** No patient has this id. A search for it shows that searches are allowed, and it returns no patient's data. */
const unknownId = 'bulkhead-connection-test';

interface TestRead {
  readonly session: EhrSession;
  readonly now: Date;
  readonly signal: AbortSignal;
  /** Called with a description of the request before it is sent, and again with what the answers have shown. */
  readonly onTry: (tried: string) => void;
}

/**
 * The read of a connection test. It reads what the registry names, else the connection's patient, else it searches by an id that no
 * resource has. If the EHR offers exports and no search, the test reads one resource with the token and without it, because nothing
 * else shows that the token is accepted without starting an export.
 */
export async function readForTest(test: TestRead): Promise<void> {
  const { session, now, signal, onTry } = test;
  const { connection, provider } = session;
  if (provider.search?.testRead !== undefined) {
    const path = provider.search.testRead.replace('{practiceId}', connection.practiceId ?? '');
    onTry(`Read ${path}, which the registry entry of the provider names.`);
    return read(test, { path });
  }
  if (connection.userId !== undefined) {
    onTry("Read the connection's patient.");
    return read(test, { path: `Patient/${connection.userId}` });
  }
  // A server whose CapabilityStatement cannot be read may still be searched.
  const capabilities =
    connection.capabilities ?? (await readCapabilities({ session, now, signal }).catch(() => undefined));
  // A server without a CapabilityStatement may offer exports and no search too.
  const offersExport = capabilities === undefined || capabilities.exportLevels.length > 0;
  const resourceType = readableType(capabilities, session.grantedScope());
  if (resourceType !== undefined || !offersExport) {
    try {
      return await search(test, resourceType ?? 'Patient', capabilities);
    } catch (error) {
      // Of a server that is known to be searched, a refused search says what is wrong with the connection.
      const isUnsearched = provider.search === undefined && isRefusedRead(error);
      if (!offersExport || !(isUnsearched || isNotOffered(error))) throw error;
    }
  }
  await compareWithoutToken(test, capabilities);
}

async function search(
  { session, signal, onTry }: TestRead,
  resourceType: string,
  capabilities: Capabilities | undefined,
): Promise<void> {
  const { connection, provider } = session;
  // Not each search has `_id`: athenahealth's of AllergyIntolerance and Coverage do not.
  const name = capabilities?.patientSearchTypes?.includes(resourceType) ? 'patient' : '_id';
  const tried = `Searched ${resourceType} by an id that no ${name === '_id' ? 'resource' : 'patient'} has.`;
  onTry(tried);
  const url = searchUrl({ connection, provider, resourceType, parameters: { [name]: unknownId } });
  try {
    const { entries } = await readSearchPage({ session, url, priority: 'interactive', signal });
    if (entries.length > 0)
      onTry(
        `${tried} Warning: the EHR ignored \`${name}\` and returned other resources, so it may ignore other search parameters too. Compare the result of a sync with the EHR.`,
      );
  } catch (error) {
    // Some servers answer with an OperationOutcome that the id does not exist. This also proves that the search was allowed.
    if (!(error instanceof AppError) || error.code !== 'search-refused' || error.context.reason !== 'not-found')
      throw error;
  }
}

/** If the request without the token is refused, the same request with the token was accepted, even if its answer was an error. */
async function compareWithoutToken(test: TestRead, capabilities: Capabilities | undefined): Promise<void> {
  const { session, onTry } = test;
  const { connection } = session;
  const path = probePath(session, capabilities);
  const offer = capabilities
    ? 'The EHR offers exports and no search'
    : 'The EHR has no CapabilityStatement and no search';
  const tried = `${offer}, so the test read ${path} with the token and without it. It started no export.`;
  onTry(tried);
  try {
    await read(test, { path });
    return;
  } catch (error) {
    // A 401 or 403 is a test failure. An error that may pass proves nothing, so it is reported too.
    if (!isRefusedRead(error)) throw error;
    // Without a CapabilityStatement, only an OperationOutcome distinguishes a FHIR server from a wrong address.
    if (!capabilities && !isOfFhirServer(error)) throw error;
  }
  if (connection.auth.method === 'none') return;
  try {
    await read(test, { path, sendToken: false });
  } catch (error) {
    if (error instanceof EhrHttpError && (error.status === 401 || error.status === 403)) return;
    if (!isRefusedRead(error)) throw error;
  }
  onTry(`${tried} Both responses are the same, so only the first export shows whether the token is accepted.`);
}

function probePath(session: EhrSession, capabilities: Capabilities | undefined) {
  const { groupId } = session.connection;
  const scope = session.grantedScope();
  const coversGroups = scope === undefined || scopeCovers({ scope, resourceType: 'Group' });
  const exportsGroups = capabilities?.exportLevels.includes('group') ?? true;
  return groupId !== undefined && exportsGroups && coversGroups
    ? `Group/${encodeURIComponent(groupId)}`
    : `Patient/${unknownId}`;
}

async function read(
  { session, signal }: TestRead,
  { path, sendToken = true }: { readonly path: string; readonly sendToken?: boolean },
): Promise<void> {
  await session.send({
    method: 'GET',
    url: `${session.connection.fhirEndpoint}/${path}`,
    headers: { accept: 'application/fhir+json' },
    priority: 'interactive',
    answer: resourceAnswer,
    retries: 1,
    sendToken,
    signal,
  });
}

/** How servers answer an interaction that they do not support, or a resource that does not exist. */
function isNotOffered(error: unknown): boolean {
  if (!(error instanceof EhrHttpError)) return false;
  if ([404, 405, 410, 501].includes(error.status)) return true;
  return error.status === 400 && error.issues.some(({ code }) => code === 'not-supported');
}

/** A server that only exports can refuse a search or a read with any status that is not about the sender or an outage. */
function isRefusedRead(error: unknown): boolean {
  return isNotOffered(error) || (error instanceof EhrHttpError && [400, 406, 415, 422].includes(error.status));
}

function isOfFhirServer(error: unknown): boolean {
  return error instanceof EhrHttpError && error.issues.length > 0;
}

/** A type that the scopes cover. A connection for lab results must not fail because it may not read patients. */
function readableType(capabilities: Capabilities | undefined, scope: string | undefined): string | undefined {
  const { resourceTypes = [], searchTypes } = capabilities ?? {};
  const isCovered = (resourceType: string) => scope === undefined || scopeCovers({ scope, resourceType });
  const isOffered = (resourceType: string) => searchTypes?.includes(resourceType) ?? true;
  const namedTypes = [...(scope ?? '').matchAll(/\/([A-Z][A-Za-z]+)\./g)].map(([, type = '']) => type);
  return ['Patient', ...namedTypes, ...resourceTypes].find((type) => isOffered(type) && isCovered(type));
}
