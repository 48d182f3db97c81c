// One weekly run through the state machine, told line by line for people:
//
//     node demo.mjs BOOTSTRAP TIME [FAULTS]
//
// BOOTSTRAP is confhouse's program for Lambda, TIME that of the schedule, FAULTS a JSON array (see
// functions.mjs). AWS is where AWS_ENDPOINT_URL says, and what the functions are told is in the
// environment: AWS_*, REPORT_* and CONFHOUSE_*. What they log goes to stderr. Ends with 1 when the
// execution fails.

import { Adapter } from './adapter.mjs';
import { Aws } from './aws.mjs';
import { readDefinition } from './definition.mjs';
import { Functions } from './functions.mjs';

const REGION = 'eu-west-1';
const WAIT_MS = 300;
const NAMES = { Plan: 'planner', Scan: 'scanner', Merge: 'merger', Report: 'reporter' };
const HANDLERS = { Plan: 'plan', Scan: 'scan', Merge: 'merge', Report: 'report' };
const [bootstrap, time, faults = '[]'] = process.argv.slice(2);

const arn = (name) => `arn:aws:lambda:${REGION}:111122223333:function:${name}:live`;
const say = (who, text) => console.log(`  ${who.padEnd(20)} ${text}`);

function environment() {
  const ours = Object.entries(process.env).filter(([name]) => /^(AWS|REPORT|CONFHOUSE)_/.test(name));
  return { ...Object.fromEntries(ours), PATH: process.env.PATH, no_proxy: '127.0.0.1' };
}

function describeAnswer(answer) {
  switch (answer.mode) {
    case 'plan':
      return `${answer.accounts} accounts in ${answer.shards.length} shards: ${answer.items_key}`;
    case 'batch':
      return `shard ${answer.shard_id}: ${answer.scopes_scanned} scopes read, `
        + `${answer.scopes_denied} denied, ${answer.scopes_left} left; `
        + `${answer.evaluations} evaluations`;
    case 'merge':
      return `${answer.scopes_scanned} of ${answer.scopes_planned} scopes merged into `
        + `${answer.history}; ${answer.scopes_denied} denied, ${answer.scopes_missing} missing`;
    default:
      return answer.report;
  }
}

function tellInvocation({ function: name, event, fault, cold, error, payload }) {
  const start = cold ? ' (cold start)' : '';
  if (error === null) {
    say(`${name}${start}`, describeAnswer(JSON.parse(payload)));
  } else {
    const shard = event.shard_id ? `shard ${event.shard_id}: ` : '';
    const why = fault === 'kill' ? 'the process was killed' : JSON.parse(payload).errorMessage;
    say(`${name}${start}`, `${shard}${error}: ${why}`);
  }
}

// The children's states are many; what their functions answer tells enough.
function tellState(event) {
  const isChild = event.execution?.includes('/');
  if (event.type === 'StateRetried') {
    say('', `${event.state} is tried again`);
  } else if (event.type === 'StateEntered' && !isChild) {
    console.log(event.state);
  } else if (event.type === 'map') {
    say('', `${event.items} children, ${event.failed} of them failed`);
  }
}

const functions = new Functions(Object.keys(NAMES).map((key) => ({
  name: NAMES[key], arn: arn(NAMES[key]), handler: HANDLERS[key], memory: 512,
  timeout_seconds: 900, command: [bootstrap], env: environment(),
})), {
  faults: JSON.parse(faults),
  onInvocation: tellInvocation,
  onOutput: (name, data) => process.stderr.write(data),
});
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => functions.stop().finally(() => process.exit(1)));
}

try {
  const substitutions = Object.fromEntries(
    Object.keys(NAMES).map((key) => [`${key}Function`, arn(NAMES[key])]));
  const machine = readDefinition(
    new URL('../../lambda/statemachine.asl.json', import.meta.url),
    { ...substitutions, Topic: `arn:aws:sns:${REGION}:111122223333:alarms` });
  const adapter = new Adapter({
    functions,
    aws: new Aws({
      endpoint: process.env.AWS_ENDPOINT_URL, region: REGION,
      accessKeyId: process.env.AWS_ACCESS_KEY_ID,
      secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
    }),
    waitMs: WAIT_MS, retryMs: WAIT_MS, onEvent: tellState,
  });
  const result = await adapter.run(machine, { mode: 'plan', time });
  console.log(result.status);
  if (result.status !== 'SUCCEEDED') {
    console.log(`${result.error}: ${result.cause}`);
    process.exitCode = 1;
  }
} finally {
  await functions.stop();
}
