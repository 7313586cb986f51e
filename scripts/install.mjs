// usage: node scripts/install.mjs    only installs what `npm start` and `npm test` would install
import { install } from './bootstrap.mjs';

install();
