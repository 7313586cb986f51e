/** Blocks of commands that no test of this folder runs: the page, the beginning of the block, and the reason. */
export const notRun: readonly { readonly page: string; readonly begins: string; readonly reason: string }[] = [
  {
    page: 'README.md',
    begins: 'npm start ',
    reason: 'scripts/start tests npm start and its options; npm test runs this test itself',
  },
  {
    page: 'docs/how-to/install.md',
    begins: 'npx -y pnpm@12.21.0 install',
    reason: 'continuous integration starts with the installation and the build of a fresh clone',
  },
  {
    page: 'docs/how-to/install.md',
    begins:
      'MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=16384 node_modules/.bin/node --expose-gc --max-old-space-size=256 --max-semi-space-size=8 apps/api/',
    reason: 'does not end; apps/api/src/main.integration.test.ts starts it',
  },
  {
    page: 'docs/how-to/install.md',
    begins:
      'MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=16384 node_modules/.bin/node --expose-gc --max-old-space-size=256 --max-semi-space-size=8 apps/serve/',
    reason: 'does not end; npm start starts serve in this way',
  },
  {
    page: 'docs/how-to/install.md',
    begins: 'MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=16384 node_modules/.bin/node --expose-gc --heap-growing-percent',
    reason: 'does not end; npm start starts the workers in this way',
  },
  {
    page: 'docs/how-to/find-an-endpoint.md',
    begins: 'curl ',
    reason: 'reads 90 MB of the internet; the test of the page has a small list',
  },
  {
    page: 'docs/how-to/serve-bulk-data.md',
    begins: 'smart-fetch export ',
    reason: 'needs a package of PyPI; scripts/clients/smart-fetch.integration.test.ts runs it if there is one',
  },
  {
    page: 'docs/how-to/kubernetes.md',
    begins: 'docker build ',
    reason: 'needs a Docker engine and a registry; scripts/docker builds the same targets if there is an engine',
  },
  {
    page: 'docs/how-to/kubernetes.md',
    begins: 'kubectl apply -f docker/kubernetes/overlays/example/namespace.yaml',
    reason: 'needs a cluster',
  },
  {
    page: 'docs/how-to/kubernetes.md',
    begins: 'kubectl -n bulkhead delete job ',
    reason: 'needs a cluster; scripts/kubernetes renders and verifies the objects',
  },
  {
    page: 'docs/how-to/kubernetes.md',
    begins: 'kubectl -n bulkhead exec ',
    reason: 'needs a cluster; scripts/docker runs the command in a container of the image',
  },
  {
    page: 'docs/how-to/kubernetes.md',
    begins: 'helm upgrade ',
    reason: 'needs a cluster with Prometheus',
  },
  {
    page: 'docs/how-to/back-up.md',
    begins: 'mongodump --uri "$MONGODB_SERVER"',
    reason: 'needs a replica set; scripts/backup runs it if mongod and the tools are installed',
  },
  {
    page: 'docs/how-to/back-up.md',
    begins: 'mongorestore --oplogReplay ',
    reason: 'needs a replica set; scripts/backup runs it if mongod and the tools are installed',
  },
  {
    page: 'docs/how-to/back-up.md',
    begins: 'mongodump --uri "$MONGODB_URI"',
    reason: 'needs MongoDB’s database tools; back-up.integration.test.ts runs it if they are installed',
  },
  {
    page: 'docs/how-to/back-up.md',
    begins: 'mongorestore --nsInclude ',
    reason: 'needs MongoDB’s database tools; back-up.integration.test.ts runs it if they are installed',
  },
  {
    page: 'docs/how-to/keep-the-key-in-a-kms.md',
    begins: 'aws kms create-key ',
    reason: 'needs the command line of AWS and an account; the test creates its key on a local server',
  },
  {
    page: 'docs/how-to/install-without-a-registry.md',
    begins: 'tar --create ',
    reason: 'packs more than a gigabyte; scripts/cli installs the packages for users without a registry',
  },
  {
    page: 'docs/how-to/install-without-a-registry.md',
    begins: 'docker compose ',
    reason: 'needs a Docker engine and a registry; scripts/docker builds the same images if there is an engine',
  },
  {
    page: 'docs/testing.md',
    begins: 'npm test -- ',
    reason: 'runs a part of the tests, which this test belongs to',
  },
];
