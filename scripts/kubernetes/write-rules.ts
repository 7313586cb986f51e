// usage: pnpm docs:alerts    writes the links of the alert rules, and the rules as an object of the Prometheus Operator
import { writeFileSync } from 'node:fs';
import { alertsFile, renderAlerts, renderRules, rulesFile } from './render-rules.ts';

writeFileSync(alertsFile, renderAlerts());
writeFileSync(rulesFile, renderRules());
