// usage: node --import=<this> program
// Loads the recorder of inputs. A test can also start an older Node.js, which lacks what the recorder needs. Then the test depends on every file.
import { appendFileSync } from 'node:fs';
import module from 'node:module';
import util from 'node:util';

const { BULKHEAD_INPUTS_FILE: file } = process.env;
if ('registerHooks' in module && 'getCallSites' in util) await import('./record-inputs.mjs');
else if (file !== undefined) appendFileSync(file, 'tree:\n');
