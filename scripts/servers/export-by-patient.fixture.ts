import { setTimeout as wait } from 'node:timers/promises';

const maxStatusRequests = 60;

/**
 * Reads what a server has of each patient, without Bulkhead: by an export that the server organizes by patient itself
 * (`organizeOutputBy`), where a line of the server names the patient of the lines that follow.
 * @returns the resources, by their references, of each patient
 */
export async function exportByPatient(fhirUrl: string): Promise<Map<string, Map<string, object>>> {
  const headers = { accept: 'application/fhir+json', prefer: 'respond-async' };
  const started = await fetch(`${fhirUrl}/Patient/$export?organizeOutputBy=Patient`, { headers });
  const manifest = await waitForManifest(started.headers.get('content-location') ?? '');
  const patients = new Map<string, Map<string, object>>();
  for (const { url } of manifest.output) {
    let resources = new Map<string, object>();
    for (const line of (await (await fetch(url)).text()).trim().split('\n')) {
      const resource = JSON.parse(line) as Line;
      const patient = resource.parameter?.find(({ name }) => name === 'header')?.valueReference.reference;
      if (patient === undefined) {
        resources.set(`${resource.resourceType}/${resource.id}`, resource);
        continue;
      }
      // The lines of a patient can continue in the next file.
      resources = patients.get(patient) ?? new Map();
      patients.set(patient, resources);
    }
  }
  return patients;
}

interface Line {
  readonly resourceType: string;
  readonly id: string;
  readonly parameter?: readonly { readonly name: string; readonly valueReference: { readonly reference: string } }[];
}

async function waitForManifest(statusUrl: string): Promise<{ readonly output: readonly { readonly url: string }[] }> {
  for (let count = 0; count < maxStatusRequests; count++) {
    const response = await fetch(statusUrl, { headers: { accept: 'application/json' } });
    if (response.status === 200) return (await response.json()) as Awaited<ReturnType<typeof waitForManifest>>;
    // A server that is asked earlier than this answers 429.
    await wait(1000 * Number(response.headers.get('retry-after') ?? 1));
  }
  throw new Error(`The export ${statusUrl} has not ended.`);
}
