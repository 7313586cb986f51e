// Preloaded into a worker. Kills the process when it parses a resource of the type in DEADLY_TYPE, as a fault of the engine or a lack of
// memory would.
import process from 'node:process';

const { parse } = JSON;
const mark = `"resourceType":"${process.env.DEADLY_TYPE}"`;

JSON.parse = new Proxy(parse, {
  apply(_parse, _json, args: Parameters<typeof parse>) {
    const [text] = args;
    if (typeof text === 'string' && text.includes(mark)) process.kill(process.pid, 'SIGKILL');
    return parse(...args);
  },
});
