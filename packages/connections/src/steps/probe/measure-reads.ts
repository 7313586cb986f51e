import { AppError } from '@bulkhead/base';
import {
  EhrHttpError,
  readSearchPage,
  resourceAnswer,
  type SearchPage,
  searchUrl,
  statedDayLimit,
} from '@bulkhead/ehr';
import { factSchemas, recordTypes } from '@bulkhead/ehr/providers';
import { isOfRecord, isUncovered, scopeCovers } from '@bulkhead/fhir';
import type { Head } from './limited-session.ts';
import { type ProbeWork, templateOf } from './probe-work.ts';

/** What the token covers, and what is declared, covered and not stored. */
export function measureScopes(work: ProbeWork, scope: string | undefined): void {
  const { sheet, capabilities, storedTypes } = work;
  if (scope === undefined) {
    for (const name of ['grantedScopes', 'scopeTypes'] as const)
      sheet.unknown(name, 'there is no token, or the EHR does not say what it grants');
  } else {
    const scopes = scope.split(/\s+/).filter((name) => factSchemas.grantedScopes.element.safeParse(name).success);
    const types = [...new Set(scopes.flatMap((name) => /\/([A-Z][A-Za-z]+)\./.exec(name)?.[1] ?? []))].filter(
      (resourceType) => isOfRecord(resourceType) && scopeCovers({ scope, resourceType }),
    );
    sheet.set('grantedScopes', scopes, 'the response of the token endpoint');
    if (types.length > 0) sheet.set('scopeTypes', types, 'the granted scopes');
    else sheet.unknown('scopeTypes', 'the granted scopes name no types');
  }
  const declared = recordTypes(capabilities);
  if (declared.length === 0) sheet.unknown('typesNotStored', 'the EHR declares no types');
  else
    sheet.set(
      'typesNotStored',
      declared.filter((type) => !storedTypes.includes(type) && !isUncovered({ scope, resourceType: type })),
      'the CapabilityStatement, the granted scopes, and what is stored',
    );
}

/** More than any server sends in a page. */
const largestCount = '1000';

/** Measures pages by searches for one patient. Only the numbers of their entries are kept. */
export async function measurePages(work: ProbeWork): Promise<void> {
  const { sheet, connection, session, capabilities } = work;
  const [patientId] = work.patientIds;
  const names = ['pageSize', 'defaultPageSize', 'nextLinks'] as const;
  if (patientId === undefined) {
    for (const name of names)
      sheet.unknown(name, 'no patient is stored yet: run the probe again after the first export');
    return;
  }
  const types = ['Observation', 'Condition', 'Encounter'].filter(
    (type) => work.storedTypes.includes(type) && (capabilities?.patientSearchTypes?.includes(type) ?? true),
  );
  for (const resourceType of types) {
    const at = { connection, provider: session.provider, resourceType, parameters: { patient: patientId } };
    const url = new URL(searchUrl(at));
    url.searchParams.delete('_count');
    const usual = await search(work, url.href);
    url.searchParams.set('_count', largestCount);
    const largest = await search(work, url.href);
    for (const [name, page] of [
      ['defaultPageSize', usual],
      ['pageSize', largest],
    ] as const) {
      if (page === undefined) sheet.unknown(name, 'a search by patient was refused');
      else if (page.nextUrl === undefined) sheet.unknown(name, 'all results fitted into one page');
      else sheet.set(name, page.entries.length, `a search of ${resourceType} that has a next page`);
    }
    const paged = usual?.nextUrl === undefined ? largest : usual;
    if (paged?.nextUrl !== undefined) sheet.set('nextLinks', true, `a search of ${resourceType}`);
    if (sheet.has('pageSize')) return;
  }
  for (const name of names) sheet.unknown(name, 'no type of the patient has enough resources');
}

async function search({ limited, signal }: ProbeWork, url: string): Promise<SearchPage | undefined> {
  try {
    return await readSearchPage({ session: limited.session, url, signal });
  } catch (error) {
    if (!(error instanceof AppError) || limited.isSilent()) throw error;
    return undefined;
  }
}

/** Reads the resource of the practice. Its id is kept without the number of the practice. */
export async function measurePractice({ sheet, connection, session, limited, signal }: ProbeWork): Promise<void> {
  const { practiceId, fhirEndpoint } = connection;
  const reference = Object.values(session.provider.search?.parameters ?? {}).find((value) =>
    /^[A-Z][A-Za-z]+\/[^/]*\{practiceId\}/.test(value),
  );
  if (practiceId === undefined || reference === undefined) {
    sheet.unknown('practiceId', 'the connection has no practice id, or the provider names no resource of a practice');
    return;
  }
  try {
    const { data } = await limited.session.send({
      method: 'GET',
      url: `${fhirEndpoint}/${reference.replace('{practiceId}', practiceId)}`,
      headers: { accept: 'application/fhir+json' },
      priority: 'crawl',
      answer: resourceAnswer,
      retries: 0,
      sendToken: true,
      signal,
    });
    const { id, resourceType } = (data ?? {}) as { readonly id?: unknown; readonly resourceType?: unknown };
    const template = typeof id === 'string' ? templateOf(id, practiceId) : undefined;
    if (template !== undefined && reference.startsWith(`${resourceType}/`))
      sheet.set('practiceId', template, 'a read of the resource of the practice');
    else sheet.unknown('practiceId', 'the answer is another resource');
  } catch (error) {
    if (!(error instanceof AppError) || limited.isSilent()) throw error;
    sheet.unknown('practiceId', `the read was refused (${error instanceof EhrHttpError ? error.status : error.code})`);
  }
}

/** Searches the Groups that the client sees. Ids without the number of the practice are only counted. */
export async function measureGroups(work: ProbeWork): Promise<void> {
  const { sheet, connection, session } = work;
  const at = { connection, provider: session.provider, resourceType: 'Group', parameters: {} };
  const page = await search(work, searchUrl(at));
  if (!page) {
    for (const name of ['groupIds', 'otherGroups'] as const) sheet.unknown(name, 'the search for Groups was refused');
    return;
  }
  const ids = page.entries.map(({ content }) => String((content as { readonly id?: unknown } | null)?.id ?? ''));
  const templates = ids.map((id) => templateOf(id, connection.practiceId ?? ''));
  const known = [...new Set(templates.filter((template) => template !== undefined))].slice(0, 20);
  const how = `a search for Groups${page.nextUrl === undefined ? '' : ', its first page'}`;
  sheet.set('groupIds', known, how);
  sheet.set('otherGroups', templates.filter((template) => template === undefined).length, how);
}

const limitName = /limit|remaining|quota|throttl/i;

/** The headers of limits in all responses. */
export function measureLimits({ sheet }: Pick<ProbeWork, 'sheet'>, heads: readonly Head[]): void {
  const values: Record<string, string> = {};
  let perDay: number | undefined;
  for (const { headers } of heads) {
    perDay = statedDayLimit(headers, new Date()) ?? perDay;
    // A longer number would be an id.
    for (const [name, value] of Object.entries(headers))
      if (limitName.test(name) && /^[a-z][a-z-]{1,60}$/.test(name) && /^\d{1,13}$/.test(value ?? ''))
        values[name] = value ?? '';
  }
  const how = `${heads.length} responses`;
  if (Object.keys(values).length === 0) sheet.unknown('limitHeaders', `none in ${how}`);
  else sheet.set('limitHeaders', values, how);
  if (perDay === undefined) sheet.unknown('requestsPerDay', `no header states a limit of the day in ${how}`);
  else sheet.set('requestsPerDay', perDay, 'the header of a response');
}
