// usage: npm start [-- options]    starts everything on this machine, see scripts/start/main.ts
import { run } from './bootstrap.mjs';

run({ entry: 'scripts/start/main.ts', args: process.argv.slice(2) });
