// usage: npm test [-- paths and options of jest]    runs the tests, see scripts/test/main.ts
import { run } from './bootstrap.mjs';

run({ entry: 'scripts/test/main.ts', args: process.argv.slice(2) });
