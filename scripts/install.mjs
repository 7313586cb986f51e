// usage: node scripts/install.mjs    installs the same dependencies as `npm start` and `npm test`, and ends
import { install } from './bootstrap.mjs';

install();
