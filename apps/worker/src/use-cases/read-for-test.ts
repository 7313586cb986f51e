import { AppError, type Connection } from '@bulkhead/domain';
import { type EhrSession, readSearchPage, resourceAnswer, searchUrl } from '@bulkhead/ehr-client';
import { scopeCovers } from '@bulkhead/fhir';

/** No patient has it: a search for it shows that searches are allowed and brings nobody's data. */
const nobody = 'bulkhead-connection-test';

/** The read of a connection test: what the registry says, the connection's patient, or a search by an id that nobody has. */
export async function readForTest(options: {
  readonly session: EhrSession;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { session, signal } = options;
  const { connection, provider } = session;
  const path =
    provider.search?.testRead ?? (connection.userId === undefined ? undefined : `Patient/${connection.userId}`);
  if (path !== undefined)
    return read({ session, path: path.replace('{practiceId}', connection.practiceId ?? ''), signal });
  const resourceType = readableType(connection, session.grantedScope());
  const url = searchUrl({ connection, provider, resourceType, parameters: { _id: nobody } });
  try {
    await readSearchPage({ session, url, priority: 'interactive', signal });
  } catch (error) {
    // Some servers say by an outcome that there is no such id: then they have looked.
    if (!(error instanceof AppError) || error.code !== 'search-refused' || error.context.reason !== 'not-found')
      throw error;
  }
}

async function read(options: {
  readonly session: EhrSession;
  readonly path: string;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { session, path, signal } = options;
  await session.send({
    method: 'GET',
    url: `${session.connection.fhirEndpoint}/${path}`,
    headers: { accept: 'application/fhir+json' },
    priority: 'interactive',
    answer: resourceAnswer,
    retries: 1,
    sendToken: true,
    signal,
  });
}

/** Of what the scopes cover: a connection for lab results alone must not fail for patients that it never asked for. */
function readableType({ capabilities }: Connection, scope: string | undefined): string {
  const covered = (resourceType: string) => scope === undefined || scopeCovers({ scope, resourceType });
  const named = [...(scope ?? '').matchAll(/\/([A-Z][A-Za-z]+)\./g)].map(([, type = '']) => type);
  return ['Patient', ...named, ...(capabilities?.resourceTypes ?? [])].find(covered) ?? 'Patient';
}
