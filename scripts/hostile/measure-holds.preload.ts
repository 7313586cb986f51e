// usage: HOLDS_FOLDER=<folder> node --import <this> main.js
// Writes the longest time for which the event loop of this process was held, in CPU time of its thread, to
// <folder>/<pid>. The start of the process does not count.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.env.HOLDS_FOLDER;
const startSeconds = 5;
let longestMs = 0;
let before = process.threadCpuUsage();
if (folder !== undefined)
  setInterval(() => {
    const { user, system } = process.threadCpuUsage(before);
    before = process.threadCpuUsage();
    const heldMs = (user + system) / 1000;
    if (process.uptime() < startSeconds || heldMs <= longestMs) return;
    longestMs = heldMs;
    writeFileSync(join(folder, String(process.pid)), String(heldMs));
  }, 10).unref();
