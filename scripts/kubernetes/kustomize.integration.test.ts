import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { queueNames } from '@bulkhead/queues';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { backupCommand } from '../backup/cron-job.fixture.ts';
import { describeWith } from '../describe-with.fixture.ts';
import { faultOf } from './fault-of.fixture.ts';
import { render, whyNoKubectl } from './render.fixture.ts';
import { renderRules, rulesFile } from './render-rules.ts';

const docker = join(import.meta.dirname, '..', '..', 'docker');
const read = (path: string) => readFileSync(join(docker, path), 'utf8');
const kustomizations = [{ folder: 'base' }, { folder: 'overlays/example' }];
const missing = whyNoKubectl();

interface Service {
  readonly image?: string;
  readonly environment?: Readonly<Record<string, string>>;
}
const compose = Object.values(parse(read('compose.yaml'), { merge: true }).services as Record<string, Service>);

/** Every variable of each process. A test of the worker compares this page with the schemas. */
const envPage = readFileSync(join(docker, '..', 'docs', 'env.md'), 'utf8');
function variablesOf(...sections: readonly string[]): readonly string[] {
  const texts = sections.map((section) => envPage.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? '');
  return texts.flatMap((text) => [...text.matchAll(/^\| `([A-Z_]+)`/gm)].map(([, name = '']) => name));
}
const expectedRules: Readonly<Record<string, readonly string[]>> = {
  'bulkhead-api': variablesOf('All processes', 'The API'),
  'bulkhead-serve': variablesOf('All processes', 'serve'),
  'bulkhead-worker': variablesOf('All processes', 'A worker'),
};
const secretNames = variablesOf('All processes').filter((name) =>
  /_KEYS?$|_SECRET$|_TOKEN$|^REDIS_URL$|^MONGODB_URI$/.test(name),
);
/** The port of each image, from its Dockerfile. */
const portOf = Object.fromEntries(
  [...read('Dockerfile').matchAll(/^FROM runtime AS ([\w-]+)$[\s\S]*?^EXPOSE (\d+)$/gm)].map(([, target, port]) => [
    `bulkhead-${target}`,
    Number(port),
  ]),
);

describeWith({ title: 'the Kubernetes objects', tool: missing ? { missing } : {} }, () => {
  describe.each(kustomizations)('docker/kubernetes/$folder', ({ folder }) => {
    const objects = render(join(docker, 'kubernetes', folder));
    const ofKind = (kind: string) => objects.filter((object) => object.kind === kind);
    const pods = [...ofKind('Deployment'), ...ofKind('Job')].map(({ metadata, spec }) => {
      const [container] = spec.template.spec.containers;
      return { name: metadata.name, spec: spec.template.spec, labels: spec.template.metadata.labels, container };
    });
    /** Returns the image without a registry and a tag. */
    const imageOf = ({ container }: (typeof pods)[number]) => container.image.split('/').at(-1).split(':')[0];
    const workers = pods.filter((pod) => imageOf(pod) === 'bulkhead-worker');
    const queuesOf = (text: string) => text.split(',');
    const workerQueues = workers.map(({ container }) =>
      queuesOf(container.env.find(({ name }: { name: string }) => name === 'WORKER_QUEUES').value),
    );

    test('the kustomization has objects that are valid by the schemas of Kubernetes', () => {
      for (const object of objects.filter(({ apiVersion }) => apiVersion !== 'monitoring.coreos.com/v1')) {
        expect(faultOf(object)).toBeUndefined();
      }
      expect(pods.map(({ name }) => name)).toEqual([
        'api',
        'serve',
        'worker-exports',
        'worker-files',
        'worker-syncs',
        'migrate',
      ]);
    });

    test('the kustomization runs the same images as compose, each in one container', () => {
      const images = compose.map(({ image }) => image?.split(':')[0]).filter((image) => image?.startsWith('bulkhead-'));
      for (const pod of pods) {
        expect(images).toContain(imageOf(pod));
        expect(pod.spec.containers).toHaveLength(1);
      }
    });

    test('the kustomization sets only variables that the process reads, and no secret as a plain value', () => {
      const config = ofKind('ConfigMap')
        .filter(({ metadata }) => metadata.name.startsWith('bulkhead-config'))
        .flatMap(({ data = {} }) => Object.keys(data));
      expect(config).toContain('LOG_LEVEL');
      for (const pod of pods) {
        const variables = (pod.container.env ?? []) as { name: string; value?: string }[];
        const names = [...config, ...variables.map(({ name }) => name)];
        expect(expectedRules[imageOf(pod)]).toEqual(expect.arrayContaining(names));
        expect(names.filter((name) => secretNames.includes(name))).toEqual([]);
        const [{ metadata: map } = { metadata: { name: '' } }] = ofKind('ConfigMap');
        expect(pod.container.envFrom).toEqual([
          { configMapRef: { name: map.name } },
          { secretRef: { name: 'bulkhead-secrets' } },
        ]);
      }
      expect(ofKind('Secret')).toEqual([]);
    });

    test('the kustomization lets the API reach serve at the service of its pods', () => {
      const api = pods.find(({ name }) => name === 'api');
      const names = ofKind('Service').map(({ metadata }) => `http://${metadata.name}`);
      const { value } = api?.container.env.find(({ name }: { name: string }) => name === 'SERVE_URL') ?? {};
      expect(names).toContain(value);
    });

    test('the kustomization serves every queue, with the same split as compose', () => {
      expect(workerQueues.flat().toSorted()).toEqual(queueNames.toSorted());
      const split = compose.flatMap(({ environment }) => environment?.WORKER_QUEUES ?? []).map(queuesOf);
      expect(workerQueues).toEqual(split);
    });

    test('the kustomization probes each process at the port on which it listens', () => {
      for (const { container, ...pod } of pods.filter(({ name }) => name !== 'migrate')) {
        const image = imageOf({ ...pod, container });
        const [port] = container.ports;
        expect(port.containerPort).toBe(portOf[image]);
        if (image === 'bulkhead-worker') {
          expect(container.env).toContainEqual({ name: 'WORKER_HEALTH_PORT', value: String(port.containerPort) });
        }
        expect(container.livenessProbe.httpGet).toEqual({ path: '/health', port: port.name });
        expect(container.startupProbe.httpGet).toEqual({ path: '/health', port: port.name });
        expect(container.readinessProbe.httpGet).toEqual({ path: '/ready', port: port.name });
      }
    });

    test('the kustomization gives each process only the rights that it needs, and limits its resources', () => {
      for (const { spec, container } of pods) {
        expect(spec.securityContext).toMatchObject({
          runAsNonRoot: true,
          runAsUser: 1000,
          seccompProfile: { type: 'RuntimeDefault' },
        });
        expect(spec.automountServiceAccountToken).toBe(false);
        expect(container.securityContext).toEqual({
          readOnlyRootFilesystem: true,
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
        });
        expect(container.resources).toMatchObject({
          requests: { cpu: expect.any(String), memory: expect.any(String) },
          limits: { memory: expect.any(String) },
        });
      }
    });

    test('the kustomization gives a worker time to release its jobs, like compose', () => {
      const [, seconds] = read('compose.yaml').match(/stop_grace_period: (\d+)s/) ?? [];
      for (const { spec } of workers) expect(spec.terminationGracePeriodSeconds).toBe(Number(seconds));
    });

    test('the kustomization has objects that match each of its selectors', () => {
      const selecting = ['Service', 'PodDisruptionBudget', 'NetworkPolicy', 'PodMonitor'].flatMap(ofKind);
      expect(selecting.length).toBeGreaterThan(4);
      for (const { spec } of selecting) {
        const labels = Object.entries(spec.podSelector?.matchLabels ?? spec.selector.matchLabels ?? spec.selector);
        const selected = pods.filter((pod) => labels.every(([label, value]) => pod.labels[label] === value));
        expect(labels).not.toEqual([]);
        expect(selected).not.toEqual([]);
        const portName = JSON.stringify(spec).match(/"(?:port|targetPort)":"(\w+)"/)?.[1];
        if (portName) for (const { container } of selected) expect(container.ports[0].name).toBe(portName);
      }
    });
  });

  describe('docker/kubernetes/components/autoscaling', () => {
    const objects = render(join(docker, 'kubernetes', 'overlays/example'));
    const scalers = objects.filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
    const deployments = objects.filter(({ kind }) => kind === 'Deployment');

    test('the autoscaling component scales every kind of worker by its own queues and its own replicas', () => {
      const scaled = scalers.map(({ spec }) => {
        const deployment = deployments.find(({ metadata }) => metadata.name === spec.scaleTargetRef.name);
        expect(deployment?.spec.replicas).toBeUndefined();
        const { env } = deployment?.spec.template.spec.containers[0] ?? {};
        const [metric] = spec.metrics;
        const [{ values }] = metric.external.metric.selector.matchExpressions;
        expect(env).toContainEqual({ name: 'WORKER_QUEUES', value: values.join(',') });
        return spec.scaleTargetRef.name;
      });
      expect(scaled).toEqual(['worker-exports', 'worker-files', 'worker-syncs']);
    });

    test('the autoscaling component uses a metric that the rule of the adapter derives from a metric of the API', () => {
      const values = parse(read('kubernetes/components/autoscaling/prometheus-adapter.values.yaml'));
      const [rule] = values.rules.external;
      for (const { spec } of scalers) expect(spec.metrics[0].external.metric.name).toBe(rule.name.as);
      const metrics = readFileSync(join(docker, '..', 'docs', 'metrics.md'), 'utf8');
      expect(rule.seriesQuery).toBe('bulkhead_queue_jobs{state="waiting"}');
      expect(rule.metricsQuery).toContain('max by (queue) (bulkhead_queue_jobs{state="waiting",');
      expect(metrics).toContain('| `bulkhead_queue_jobs` | gauge | `queue`, `state` |');
    });
  });

  test('the workers of one kind are spread over machines, and a drain ends one of them at a time', () => {
    const objects = render(join(docker, 'kubernetes', 'base'));
    const workers = objects.filter(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name.startsWith('worker-'),
    );
    const budgets = objects.filter(({ kind }) => kind === 'PodDisruptionBudget');
    for (const { metadata, spec } of workers) {
      const [spread] = spec.template.spec.topologySpreadConstraints;
      expect(spread.labelSelector).toEqual(spec.selector);
      const budget = budgets.find(({ metadata: { name } }) => name === metadata.name);
      expect([budget?.spec.maxUnavailable, budget?.spec.selector]).toEqual([1, spec.selector]);
    }
  });

  test('the Prometheus Operator gets the rules of docker/prometheus, and Grafana its dashboards, as they are', () => {
    const objects = render(join(docker, 'kubernetes', 'overlays/example'));
    const rules = objects.find(({ kind }) => kind === 'PrometheusRule');
    const groups = ['rules.yml', 'slo.yml'].flatMap((file) => parse(read(`prometheus/${file}`)).groups);
    expect(rules?.spec.groups).toEqual(groups);
    expect(readFileSync(rulesFile, 'utf8')).toBe(renderRules());
    const dashboards = objects.find(({ metadata }) => metadata.name === 'bulkhead-dashboards')?.data ?? {};
    expect(Object.keys(dashboards).toSorted()).toEqual(['ehr.json', 'overview.json']);
    for (const [file, text] of Object.entries(dashboards)) expect(text).toBe(read(`grafana/dashboards/${file}`));
  });

  test('a changed value of a generated Secret restarts every process, and Prometheus reads the same Secret', () => {
    const folder = mkdtempSync(join(docker, 'kubernetes/overlays/test-'));
    try {
      const page = readFileSync(join(docker, '../docs/how-to/kubernetes.md'), 'utf8');
      const lines = /```yaml\n(components:[\s\S]+?)```/.exec(page.replaceAll(/^ {3}/gm, ''))?.[1];
      const namesWith = (token: string) => {
        writeFileSync(join(folder, 'secrets.env'), `METRICS_TOKEN=${token}\n`);
        const settings = `kind: Kustomization\nresources: [../../base]\n${lines}  - ../../components/prometheus-operator\n`;
        writeFileSync(
          join(folder, 'kustomization.yaml'),
          settings.replace(/(secretGenerator:[\s\S]*?)( {2}- \.\.[\s\S]*)$/, '$2$1'),
        );
        const objects = render(folder);
        const secret = objects.find(({ kind }) => kind === 'Secret')?.metadata.name;
        const used = objects.flatMap(({ kind, spec }) => {
          if (kind === 'PodMonitor') return [spec.podMetricsEndpoints[0].authorization.credentials.name];
          if (kind !== 'Deployment' && kind !== 'Job') return [];
          return spec.template.spec.containers[0].envFrom.flatMap(
            (source: { secretRef?: { name: string } }) => source.secretRef?.name ?? [],
          );
        });
        expect(new Set(used)).toEqual(new Set([secret]));
        return secret;
      };
      expect(namesWith('first')).not.toBe(namesWith('second'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('the example contains the CronJob of the backup with its command', () => {
    const { command, args } = backupCommand('/backup');
    const backup = render(join(docker, 'kubernetes', 'overlays/example')).find(({ kind }) => kind === 'CronJob');
    const [container] = backup?.spec.jobTemplate.spec.template.spec.containers ?? [];
    expect(container.command).toEqual([command, ...args]);
  });

  test('the example of the Kubernetes secrets names all of them, without a value', () => {
    const lines = read('kubernetes/overlays/example/secrets.env.example')
      .split('\n')
      .filter((line) => line && !line.startsWith('#'));
    expect(lines.every((line) => line.endsWith('='))).toBe(true);
    const names = lines.map((line) => line.slice(0, -1));
    expect(names.filter((name) => name !== 'ATHENAHEALTH_CLIENT_ID').toSorted()).toEqual(secretNames.toSorted());
  });
});
