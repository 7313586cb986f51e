import { patientsOf } from '@bulkhead/fhir';
import { patientsPerRequest } from '../system/provider.ts';
import { type CheckContext, completed, endOf } from './check.ts';

const cohort = 'panel';
const types = ['Encounter', 'Patient'];

/**
 * Exports a cohort by `patient`, in parts, and again after a patient was added. The store must then have exactly what the server has of these
 * patients.
 */
export async function checkCohort(context: CheckContext): Promise<void> {
  const { api, report, served } = context;
  const ids = [...(await served('Patient')).keys()].sort();
  const members = ids.slice(0, patientsPerRequest + 1);
  const late = ids.slice(patientsPerRequest + 1, patientsPerRequest + 2);
  const connectionId = await api.createConnection();
  const run = async (patients: readonly string[], total: number) => {
    await api.setCohort({ connectionId, name: cohort, patients });
    const request = { exportType: 'Patient', resourceTypes: types, cohort, since: 'last' } as const;
    const view = await api.runExport(connectionId, request);
    const parts = { total, completed: total, patients: patients.length };
    report.fact({ what: 'the parts of the export', expected: parts, actual: view.parts });
    for (const type of types) {
      const ofCohort = [...(await served(type))].filter(([, content]) =>
        patientsOf(content).some((id) => patients.includes(id)),
      );
      const stored = await api.stored(connectionId, type);
      report.resources({ type, served: new Map(ofCohort), stored, scope: { level: 'Patient' } });
    }
    return endOf(view);
  };
  const first = await run(members, 2);
  report.fact({ what: 'the end of the export', expected: completed(['since-last-full']), actual: first });
  // The patients who continue, in two parts, and the one who is new. The server lists no deletions.
  const second = await run([...members, ...late], 3);
  report.fact({ what: 'the end of the next export', expected: completed(['deletions-not-listed']), actual: second });
  report.fact({ what: 'watermarks of the level', expected: [], actual: await api.watermarkTypes(connectionId) });
}
