// Runs one execution of a state machine: node run.mjs CONFIG.json
//
// CONFIG holds { definition, substitutions, input, functions, faults, aws, wait_ms, retry_ms };
// their shapes: definition.mjs, functions.mjs, aws.mjs, adapter.mjs. With `calls`, it runs no state
// machine, but invokes functions as other callers do: an array of steps, each an array of
// { function, event } that are invoked side by side.
//
// Prints one JSON object a line: what each state and invocation does, and at last
// { "type": "end", "status", ... }. What the functions print goes to stderr.

import { readFileSync } from 'node:fs';

import { Adapter } from './adapter.mjs';
import { Aws } from './aws.mjs';
import { readDefinition } from './definition.mjs';
import { Functions } from './functions.mjs';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const print = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);

const functions = new Functions(config.functions, {
  faults: config.faults,
  onInvocation: (invocation) => print({ type: 'invocation', ...invocation }),
  onOutput: (name, data) => process.stderr.write(data),
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => functions.stop().finally(() => process.exit(1)));
}

async function invokeAll() {
  for (const step of config.calls) {
    await Promise.all(step.map((call) => functions.invoke(call.function,
      JSON.stringify(call.event))));
  }
  return { status: 'SUCCEEDED' };
}

async function runMachine() {
  const machine = readDefinition(config.definition, config.substitutions);
  const adapter = new Adapter({
    aws: new Aws(config.aws), functions, waitMs: config.wait_ms, retryMs: config.retry_ms,
    onEvent: print,
  });
  return adapter.run(machine, config.input);
}

try {
  print({ type: 'end', ...await (config.calls ? invokeAll() : runMachine()) });
} finally {
  await functions.stop();
}
