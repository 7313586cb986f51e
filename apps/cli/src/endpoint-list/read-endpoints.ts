/** A FHIR endpoint of a published list. */
export interface ListedEndpoint {
  readonly url: string;
  /** Of the organizations that use it, and of their parts. */
  readonly names: readonly string[];
}

export interface EndpointList {
  readonly endpoints: readonly ListedEndpoint[];
  /** How many entries cannot be used, by the reason. */
  readonly skipped: Readonly<Record<string, number>>;
}

interface Resource {
  readonly resourceType?: unknown;
  readonly id?: unknown;
  readonly [field: string]: unknown;
}

/**
 * Reads Bundles of Endpoint and Organization: bundles of brands (SMART App Launch 2.2, "User-access Brands and Endpoints") and lists of the
 * vendors, which have the organization beside the Endpoint or inside it.
 */
export function readEndpoints(bundles: readonly unknown[]): EndpointList {
  const found = bundles.flatMap(resourcesOf);
  const ofType = (type: string) => found.filter(({ resource }) => resource.resourceType === type);
  const namesByEndpoint = namesOf(ofType('Organization'));
  const names = new Map<string, Set<string>>();
  const skipped: Record<string, number> = {};
  for (const { resource, keys } of ofType('Endpoint')) {
    const fault = faultOf(resource);
    if (fault !== undefined) {
      skipped[fault] = (skipped[fault] ?? 0) + 1;
      continue;
    }
    const url = String(resource.address).replace(/(?<!\/)\/+$/, '');
    const known = names.get(url) ?? new Set();
    names.set(url, known);
    const all = [...keys.flatMap((key) => [...(namesByEndpoint.get(key) ?? [])]), ...ownNames(resource)];
    for (const name of all) known.add(name);
  }
  const endpoints = [...names].map(([url, known]) => ({ url, names: [...known] }));
  return { endpoints, skipped };
}

interface Found {
  readonly resource: Resource;
  /** How others refer to it. */
  readonly keys: readonly string[];
}

function resourcesOf(bundle: unknown): Found[] {
  return listIn(bundle, 'entry').flatMap((entry) => {
    const { resource, fullUrl } = entry as { readonly resource?: Resource; readonly fullUrl?: unknown };
    if (!resource) return [];
    return [{ resource, keys: [String(fullUrl), `${resource.resourceType}/${resource.id}`] }];
  });
}

/** The names of organizations, and of those that are a part of them, by the Endpoints that they refer to. */
function namesOf(organizations: readonly Found[]): ReadonlyMap<string, ReadonlySet<string>> {
  const endpointsOf = new Map<string, readonly string[]>();
  for (const { resource, keys } of organizations) {
    const endpoints = listIn(resource, 'endpoint').map(referenceOf);
    for (const key of keys) endpointsOf.set(key, endpoints);
  }
  const names = new Map<string, Set<string>>();
  for (const { resource, keys } of organizations) {
    const parent = referenceOf(resource.partOf);
    const endpoints = new Set([...keys, parent].flatMap((key) => endpointsOf.get(key) ?? []));
    for (const endpoint of endpoints) {
      const known = names.get(endpoint) ?? new Set();
      names.set(endpoint, known.add(String(resource.name)));
    }
  }
  return names;
}

/** The name of an Endpoint, and of the organization that is inside it. */
function ownNames(endpoint: Resource): string[] {
  const contained = listIn(endpoint, 'contained').map((resource) => (resource as Resource).name);
  const { display } = (endpoint.managingOrganization ?? {}) as { readonly display?: unknown };
  return [endpoint.name, display, ...contained].filter((name) => typeof name === 'string');
}

const versionUrl = 'http://hl7.org/fhir/StructureDefinition/endpoint-fhir-version';

/** Why an Endpoint cannot be used. */
function faultOf({ address, status, connectionType, extension }: Resource): string | undefined {
  const { code } = (connectionType ?? {}) as { readonly code?: unknown };
  if (code !== undefined && code !== 'hl7-fhir-rest') return 'no FHIR endpoint';
  if (status !== undefined && status !== 'active') return 'not active';
  const versions = listIn({ extension }, 'extension')
    .map((one) => one as { readonly url?: unknown; readonly valueCode?: unknown })
    .filter(({ url }) => url === versionUrl);
  if (versions.length > 0 && !versions.some(({ valueCode }) => String(valueCode).startsWith('4.0')))
    return 'not FHIR R4';
  if (typeof address !== 'string' || !URL.canParse(address)) return 'no URL';
  const { protocol, port, username, password } = new URL(address);
  return protocol === 'https:' && port + username + password === '' ? undefined : 'not https at the usual port';
}

function referenceOf(value: unknown): string {
  return String((value as { readonly reference?: unknown } | null | undefined)?.reference);
}

function listIn(value: unknown, field: string): readonly unknown[] {
  const list = (value as Readonly<Record<string, unknown>> | null | undefined)?.[field];
  return Array.isArray(list) ? list.filter((one) => typeof one === 'object' && one !== null) : [];
}
