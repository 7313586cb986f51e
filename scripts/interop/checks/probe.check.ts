import type { CheckContext } from './check.ts';

/** What the code of the server does. Its manifests say that files need a token, and they do not. */
const facts = {
  exportLevel: 'group',
  since: 'accepted',
  sinceHonoured: true,
  typeFilter: 'accepted',
  typeList: 'accepted',
  typeRepeated: 'accepted',
  post: 'accepted',
  patient: 'accepted',
  lenient: 'accepted',
  filesNeedToken: false,
  linkWorksTwice: true,
  retryAfterSeconds: 1,
};

/** Compares what a probe measures with what is known about the server. */
export async function checkProbe({ api, report }: CheckContext): Promise<void> {
  const connectionId = await api.createConnection();
  await api.runExport(connectionId, { exportType: 'Patient', resourceTypes: ['Patient', 'Observation'] });
  const { phase, facts: measured } = await api.probe(connectionId);
  report.fact({ what: 'the end of the probe', expected: 'completed', actual: phase });
  for (const [name, expected] of Object.entries(facts))
    report.fact({ what: `the measured fact ${name}`, expected, actual: measured[name] });
}
